"""The sockets of the HTTP face: connections, TLS, HTTP/1.1 and open watches."""
