// A service that is not Meridian and keeps what the README asks of one that takes its place.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	var draining atomic.Bool
	public := http.NewServeMux()
	public.HandleFunc("GET /now", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Service-Version", os.Getenv("MERIDIAN_VERSION"))
		fmt.Fprintf(w, `{"now":"%s"}`, time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"))
	})
	health := http.NewServeMux()
	health.HandleFunc("GET /live", func(http.ResponseWriter, *http.Request) {})
	health.HandleFunc("GET /started", func(http.ResponseWriter, *http.Request) {})
	health.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) {
		if draining.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	server := &http.Server{Addr: ":" + os.Getenv("PORT"), Handler: public}
	go http.ListenAndServe(":8081", health)
	go server.ListenAndServe()
	fmt.Println(`{"severity":"INFO","message":"Serving"}`)

	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	<-stop.Done()
	draining.Store(true)
	time.Sleep(4 * time.Second)
	server.Shutdown(context.Background())
}
