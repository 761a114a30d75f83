// Command load puts an API server to work and says how it fared: one JSON line on standard output.
//
// It speaks HTTP/1.1 over TLS by hand, one connection a client, so that it costs little and the same whoever serves:
//
//	load -server URL -ca FILE -token TOKEN create -clients 8 -count 4000 -prefix NAME
//	load ... list -limit 500
//	load ... watch -watches 1000 -count 20 -prefix NAME
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
)

var (
	server  = flag.String("server", "", "URL of the API server")
	ca      = flag.String("ca", "", "file with the certificates to trust")
	token   = flag.String("token", "", "bearer token")
	clients = 8
	count   = 4000
	limit   = 500
	watches = 1000
	prefix  = "load"

	namespace  = "default"
	collection string
)

func main() {
	flag.Parse()
	verbs := map[string]func() map[string]any{"create": creates, "list": lists, "watch": watching}
	verb, known := verbs[flag.Arg(0)]
	if !known {
		fail("say create, list or watch")
	}
	options := flag.NewFlagSet(flag.Arg(0), flag.ExitOnError)
	options.IntVar(&clients, "clients", clients, "clients that write at once")
	options.IntVar(&count, "count", count, "objects to create, or events to send")
	options.IntVar(&limit, "limit", limit, "objects on a page; 0 for all on one")
	options.IntVar(&watches, "watches", watches, "watches to open")
	options.StringVar(&prefix, "prefix", prefix, "begins the names of what is created")
	options.StringVar(&namespace, "namespace", namespace, "where")
	options.Parse(flag.Args()[1:])
	collection = "/api/v1/namespaces/" + namespace + "/configmaps"
	json.NewEncoder(os.Stdout).Encode(verb())
}

// creates makes count ConfigMaps with so many clients at once.
func creates() map[string]any {
	var next atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range clients {
		all.Add(1)
		go func() {
			defer all.Done()
			client := dial()
			for at := next.Add(1); at <= int64(count); at = next.Add(1) {
				client.create(fmt.Sprintf("%s-%d", prefix, at))
			}
		}()
	}
	all.Wait()
	seconds := time.Since(began).Seconds()
	return map[string]any{"seconds": seconds, "per_s": float64(count) / seconds}
}

// lists reads the whole collection page by page.
func lists() map[string]any {
	client := dial()
	items, next := 0, ""
	began := time.Now()
	for first := true; first || next != ""; first = false {
		path := fmt.Sprintf("%s?limit=%d", collection, limit)
		if next != "" {
			path += "&continue=" + url.QueryEscape(next)
		}
		body := client.call("GET", path, "")
		next = ""
		if found := token64.FindSubmatch(body[:min(len(body), 2000)]); found != nil {
			next = string(found[1])
		}
		items += bytes.Count(body, []byte(`"uid":`))
	}
	return map[string]any{"seconds": time.Since(began).Seconds(), "items": items}
}

var token64 = regexp.MustCompile(`"continue":"([^"]+)"`)

// watching opens so many watches, each on a connection of its own, and lets all of them see count creations.
func watching() map[string]any {
	began := time.Now()
	version := listVersion(dial())
	var open, done sync.WaitGroup
	var seen atomic.Int64
	slots := make(chan struct{}, 32) // handshakes at once
	for range watches {
		open.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			slots <- struct{}{}
			client := dial()
			answer := client.begin("GET", collection+"?watch=1&timeoutSeconds=600&resourceVersion="+version, "")
			<-slots
			open.Done()
			events := bufio.NewReader(answer.Body)
			for range count {
				if _, err := events.ReadSlice('\n'); err != nil {
					fail("a watch ended: ", err)
				}
				seen.Add(1)
			}
			client.conn.Close()
		}()
	}
	open.Wait()
	opened := time.Since(began).Seconds()
	fmt.Println(`{"open": true}`) // whoever started us measures the server now, and says when to go on
	bufio.NewReader(os.Stdin).ReadString('\n')
	began = time.Now()
	writer := dial()
	for at := range count {
		writer.create(fmt.Sprintf("%s-%d", prefix, at))
	}
	done.Wait()
	return map[string]any{"opened_s": opened, "seconds": time.Since(began).Seconds(), "events": seen.Load()}
}

func listVersion(client *client) string {
	var page struct {
		Metadata struct{ ResourceVersion string }
	}
	if err := json.Unmarshal(client.call("GET", collection+"?limit=1", ""), &page); err != nil {
		fail("a list that is no JSON: ", err)
	}
	return page.Metadata.ResourceVersion
}

// client is one connection.
type client struct {
	conn   *tls.Conn
	reader *bufio.Reader
}

func dial() *client {
	where, err := url.Parse(*server)
	if err != nil {
		fail(err)
	}
	pem, err := os.ReadFile(*ca)
	if err != nil {
		fail(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	conn, err := tls.Dial("tcp", where.Host, &tls.Config{RootCAs: trusted, ServerName: "kubernetes"})
	if err != nil {
		fail(err)
	}
	return &client{conn, bufio.NewReader(conn)}
}

func (c *client) create(name string) {
	c.call("POST", collection, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"`+name+`","namespace":"`+namespace+`","labels":{"app":"load"}},"data":{"key":"value"}}`)
}

// call sends a request and returns the body of its answer.
func (c *client) call(method, path, body string) []byte {
	answer := c.begin(method, path, body)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		fail(err)
	}
	return text
}

func (c *client) begin(method, path, body string) *http.Response {
	request := method + " " + path + " HTTP/1.1\r\nHost: kubernetes\r\nUser-Agent: load\r\nAccept: application/json\r\nAuthorization: Bearer " + *token + "\r\n"
	if body != "" {
		request += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	if _, err := io.WriteString(c.conn, request+"\r\n"+body); err != nil {
		fail(err)
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		fail(err)
	}
	if answer.StatusCode >= 300 {
		text, _ := io.ReadAll(answer.Body)
		fail(method, " ", path, ": ", answer.Status, " ", string(text))
	}
	return answer
}

func fail(words ...any) {
	fmt.Fprintln(os.Stderr, append([]any{"load: "}, words...)...)
	os.Exit(1)
}
