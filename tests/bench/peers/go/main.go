// The time and the client's address, by net/http as it comes.
package main

import (
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

type response struct {
	Timestamp time.Time `json:"timestamp"`
	IP        string    `json:"ip"`
}

func timeAndAddress(w http.ResponseWriter, r *http.Request) {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(response{time.Now().UTC(), ip})
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", timeAndAddress)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
