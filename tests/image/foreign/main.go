// A service that is not Meridian but meets the README's requirements for a replacement; slow where configured.
package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

func wait(name, otherwise string) {
	seconds, err := time.ParseDuration(cmp.Or(os.Getenv(name), otherwise))
	if err != nil {
		panic(err)
	}
	time.Sleep(seconds)
}

func main() {
	wait("START", "0s")
	var draining atomic.Bool
	public := http.NewServeMux()
	now := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Service-Version", os.Getenv("MERIDIAN_VERSION"))
		fmt.Fprintf(w, `{"now":"%s"}`, time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	public.HandleFunc("GET /now", now)
	public.HandleFunc("GET /slow", func(w http.ResponseWriter, request *http.Request) {
		wait("RESPOND", "0s")
		now(w, request)
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

	if version, set := os.LookupEnv("STUBBORN"); set && version == os.Getenv("MERIDIAN_VERSION") {
		signal.Ignore(syscall.SIGTERM)
		select {}
	}
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	<-stop.Done()
	draining.Store(true)
	wait("DRAIN", "4s")
	server.Shutdown(context.Background())
}
