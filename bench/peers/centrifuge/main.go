// Centrifuge, the library that Centrifugo is made of, in one process and as Centrifugo
// sets it up when it is told nothing: memory broker, no history, no presence, JSON.
// Anybody may connect and subscribe to anything; POST /publish?c=CHANNEL publishes the
// body, which is Centrifugo's HTTP API without its envelope.
package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"runtime/debug"

	"github.com/centrifugal/centrifuge"
)

const maxBody = 1 << 20

func newNode() (*centrifuge.Node, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
			answer(centrifuge.SubscribeReply{}, nil)
		})
	})
	return node, node.Run()
}

func publish(node *centrifuge.Node) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if _, err := node.Publish(r.URL.Query().Get("c"), data); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"result":{}}`)
	}
}

// The library's version, as it was built in.
func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, one := range info.Deps {
		if one.Path == "github.com/centrifugal/centrifuge" {
			return one.Version
		}
	}
	return "of unknown version"
}

func run() error {
	node, err := newNode()
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /connection/websocket", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	mux.Handle("POST /publish", publish(node))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	log.SetFlags(0)
	log.Printf("Centrifuge %s ready on http://%s", version(), listener.Addr())
	return http.Serve(listener, mux)
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
