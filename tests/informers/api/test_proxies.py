"""Which proxy the environment asks for."""

import pytest

from informers.api.proxies import proxy_for

PROXY = {"HTTPS_PROXY": "http://proxy:3128"}


class TestProxyFor:
    @pytest.mark.parametrize(
        ("server", "environ", "proxy"),
        [
            ("https://host", {}, ""),
            ("https://host", PROXY, "http://proxy:3128"),
            ("https://host", {"https_proxy": "proxy:1", **PROXY}, "http://proxy:1"),
            ("http://host", PROXY, ""),
            ("http://host", {"HTTP_PROXY": "http://p"}, "http://p"),
            ("https://localhost:6443", PROXY, ""),
            ("https://127.0.0.1:6443", PROXY, ""),
            ("https://[::1]:6443", PROXY, ""),
        ],
    )
    def test_by_scheme(self, server, environ, proxy):
        """Lower case wins, and loopback is never proxied."""
        assert proxy == proxy_for(server, environ)

    @pytest.mark.parametrize(
        ("server", "entry", "exempt"),
        [
            ("https://api.example.com", "*", True),
            ("https://api.example.com", "example.com", True),
            ("https://api.example.com", ".example.com", True),
            ("https://api.example.com", "*.example.com", True),
            ("https://example.com", ".example.com", False),
            ("https://badexample.com", "example.com", False),
            ("https://API.example.com", "other, api.EXAMPLE.com", True),
            ("https://10.96.0.1", "10.96.0.0/12", True),
            ("https://10.112.0.1", "10.96.0.0/12", False),
            ("https://10.96.0.1", "10.96.0.1", True),
            ("https://[fd00::1]", "fd00::/8", True),
            ("https://[fd00::1]", "fd00::1", True),
            ("https://host:6443", "host:6443", True),
            ("https://host:6443", "host:443", False),
            ("https://host", "host:443", True),
            ("https://host", "10.0.0.0/8", False),
            ("https://10.0.0.1", "not/anything", False),
            ("https://host", ",,", False),
        ],
    )
    def test_exceptions(self, server, entry, exempt):
        """Names, addresses, networks and ports."""
        assert exempt == (proxy_for(server, {**PROXY, "NO_PROXY": entry}) == "")
