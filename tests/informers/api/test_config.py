"""Which cluster, and as whom."""

import base64
import json
import os
import sys

import pytest
import yaml

from informers.api.config import ClusterConfig, load_config
from informers.api.errors import ConfigError

SECRETS = ("s3cret", base64.b64encode(b"s3cret").decode())


def kubeconfig(path, name="one", *, cluster=None, user=None, context=None, **top):
    """Write a kubeconfig with one context and return its path."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}:6443", **(cluster or {})}}],
        "users": [{"name": name, "user": user or {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, **(context or {})}}],
        **top,
    }
    path.write_text(yaml.safe_dump(content))
    return str(path)


@pytest.fixture
def home(tmp_path):
    """Return an environment whose home directory is empty."""
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}


@pytest.fixture
def pod(tmp_path):
    """Return the environment and the folder of a pod's service account."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    for name, content in (("token", "s3cret\n"), ("ca.crt", "-----BEGIN"), ("namespace", "here\n")):
        (folder / name).write_text(content)
    env = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(tmp_path / "nowhere")}
    return env, folder


class TestPrecedence:
    def test_the_argument_comes_first(self, tmp_path, pod):
        """Then KUBECONFIG, then the service account, then the home directory."""
        env, folder = pod
        (tmp_path / "nowhere" / ".kube").mkdir(parents=True)
        kubeconfig(tmp_path / "nowhere" / ".kube" / "config", "home")
        given, named = kubeconfig(tmp_path / "given", "given"), kubeconfig(tmp_path / "named", "named")
        both = {**env, "KUBECONFIG": named}
        found = [
            load_config(kubeconfig=given, environ=both, service_account=str(folder)),
            load_config(environ=both, service_account=str(folder)),
            load_config(environ=env, service_account=str(folder)),
            load_config(environ={"HOME": env["HOME"]}),
        ]

        servers = ["https://given:6443", "https://named:6443", "https://[fd00::1]:443", "https://home:6443"]
        assert servers == [config.server for config in found]

    def test_a_context_is_none_of_the_pods(self, tmp_path, pod):
        """Who asks for a context means a kubeconfig."""
        env, folder = pod

        with pytest.raises(ConfigError, match="not tried, because a context was asked for"):
            load_config(context="other", environ=env, service_account=str(folder))

    def test_nothing_found(self, home):
        """The message lists every place and what is wrong there, and the fix."""
        with pytest.raises(ConfigError) as caught:
            load_config(
                environ={**home, "KUBERNETES_SERVICE_HOST": "a", "KUBERNETES_SERVICE_PORT": "1"}, service_account="/no"
            )
        lines = str(caught.value).splitlines()

        assert [
            "  --kubeconfig: not given",
            "  KUBECONFIG: not set",
            "  service account (/no): its token file does not exist",
            f"  default: {home['HOME']}/.kube/config: missing",
        ] == lines[1:5]
        assert "Pass --kubeconfig FILE, set KUBECONFIG" in lines[5]

    def test_what_is_named_must_be_there(self, tmp_path, home):
        """A wrong KUBECONFIG never falls back to another cluster."""
        (tmp_path / "empty").write_text("")
        paths = f"{tmp_path}/missing{os.pathsep}{tmp_path}/empty"

        with pytest.raises(ConfigError, match=r"missing: missing\n.*empty: empty\n.*because KUBECONFIG decides"):
            load_config(environ={**home, "KUBECONFIG": paths})
        with pytest.raises(ConfigError, match="because --kubeconfig decides"):
            load_config(kubeconfig=str(tmp_path / "missing"), environ=home)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("a: b: s3cret", r"malformed: not YAML \(line 1\)"),
            ("- s3cret", "malformed: not a kubeconfig"),
            (b"\xff\xfe\x00", "malformed: not YAML"),
            ("users: [s3cret]", "malformed: users is not a list of named entries"),
            ("users: [{user: {token: s3cret}}]", "malformed: users is not a list of named entries"),
        ],
        ids=["not YAML", "a list", "not text", "no entries", "no names"],
    )
    def test_a_malformed_file(self, tmp_path, content, message):
        """The message names file and spot, and repeats nothing of it, nor do its causes."""
        (tmp_path / "bad").write_bytes(content if isinstance(content, bytes) else content.encode())

        with pytest.raises(ConfigError, match=message) as caught:
            load_config(kubeconfig=str(tmp_path / "bad"))
        error = caught.value
        while error is not None:
            assert "s3cret" not in str(error)
            error = error.__cause__


class TestKubeconfig:
    def test_files_are_merged(self, tmp_path):
        """The first to set a name or the current context wins; missing files do not count."""
        first = kubeconfig(tmp_path / "a", "a", contexts=[{"name": "mixed", "context": {"cluster": "a", "user": "b"}}])
        second = kubeconfig(
            tmp_path / "b", "b", user={"token": "s3cret"}, clusters=[{"name": "a", "cluster": {"server": "x"}}]
        )
        config = load_config(
            context="mixed", environ={"KUBECONFIG": os.pathsep.join([first, str(tmp_path / "no"), second])}
        )

        assert ("https://a:6443", "s3cret") == (config.server, config.token)

    def test_everything_a_cluster_may_say(self, tmp_path):
        """Server, authority, name, proxy, namespace."""
        cluster = {
            "certificate-authority-data": base64.b64encode(b"ca").decode(),
            "tls-server-name": "kubernetes",
            "proxy-url": "http://proxy",
            "disable-compression": True,
        }
        path = kubeconfig(tmp_path / "config", cluster=cluster, context={"namespace": "there"})
        config = load_config(kubeconfig=path, environ={"HTTPS_PROXY": "http://other"})

        assert (b"ca", "kubernetes", "http://proxy", False, "there") == (
            config.ca_data,
            config.tls_server_name,
            config.proxy,
            config.compression,
            config.namespace,
        )
        assert f"--kubeconfig: {path}, context one" == config.source

    def test_paths_are_relative_to_the_file(self, tmp_path):
        """Wherever the process runs."""
        for name in ("ca.crt", "me.crt", "me.key", "token"):
            (tmp_path / name).write_text(name)
        user = {"client-certificate": "me.crt", "client-key": "./me.key", "tokenFile": "token"}
        config = load_config(
            kubeconfig=kubeconfig(tmp_path / "config", cluster={"certificate-authority": "ca.crt"}, user=user)
        )
        found = (config.ca_file, config.certificate_file, config.key_file, config.token_file)

        assert ["ca.crt", "me.crt", "me.key", "token"] == [os.path.relpath(path, tmp_path) for path in found]

    def test_inline_keys_stay_in_memory(self, tmp_path, monkeypatch):
        """Nothing secret is written to a temporary file."""
        (tmp_path / "tmp").mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
        data = base64.b64encode(b"s3cret").decode()
        user = {"client-certificate-data": data, "client-key-data": data}
        config = load_config(kubeconfig=kubeconfig(tmp_path / "config", user=user))

        assert (b"s3cret", b"s3cret") == (config.certificate_data, config.key_data)
        assert [] == os.listdir(tmp_path / "tmp")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"current-context": ""}, "sets no current-context; choose one of: one"),
            ({"current-context": "two"}, "has no context 'two'; it has: one"),
            ({"clusters": []}, "names the cluster 'one', which it does not have"),
            ({"users": None}, "names the user 'one', which it does not have"),
            ({"clusters": [{"name": "one", "cluster": {}}]}, "its cluster 'one' has no server"),
            ({"cluster": {"certificate-authority": "gone.crt"}}, "File does not exist: .*gone.crt"),
            ({"cluster": {"certificate-authority-data": "s3cret!"}}, "certificate-authority-data is not base64"),
            ({"user": {"client-key-data": "s3cret!"}}, "client-key-data is not base64"),
        ],
    )
    def test_what_does_not_hold_together(self, tmp_path, change, message):
        """The message names the file and what is missing in it."""
        path = kubeconfig(tmp_path / "config", **change)

        with pytest.raises(ConfigError, match=f"{path} is not usable: .*{message}") as caught:
            load_config(kubeconfig=path)
        assert "s3cret" not in str(caught.value)

    def test_acting_as_somebody_else(self, tmp_path):
        """Impersonation becomes headers; ignoring it would act with more power than was meant."""
        user = {"as": "jane", "as-uid": "7", "as-groups": ["a", "b"], "as-user-extra": {"why": ["test"]}}
        config = load_config(kubeconfig=kubeconfig(tmp_path / "config", user=user))

        assert (
            ("Impersonate-User", "jane"),
            ("Impersonate-Uid", "7"),
            ("Impersonate-Group", "a"),
            ("Impersonate-Group", "b"),
            ("Impersonate-Extra-why", "test"),
        ) == config.headers

    def test_user_and_password(self, tmp_path):
        """They become a header, as some proxies in front of a cluster want."""
        path = kubeconfig(tmp_path / "config", user={"username": "jane", "password": "s3cret"})
        config = load_config(kubeconfig=path)

        assert f"Basic {base64.b64encode(b'jane:s3cret').decode()}" == config.fetch().authorization
        assert not [secret for secret in (*SECRETS, "amFuZ") if secret in repr(config)]

    def test_an_auth_provider(self, tmp_path):
        """The package's own providers are still asked."""
        provider = {"name": "gcp", "config": {"access-token": "s3cret", "expiry": "2999-01-01T00:00:00Z"}}
        config = load_config(kubeconfig=kubeconfig(tmp_path / "config", user={"auth-provider": provider}))

        assert "Bearer s3cret" == config.fetch().authorization

    def test_no_secret_is_printed(self, tmp_path):
        """Neither tokens nor keys nor the proxy's password show in a repr."""
        data = base64.b64encode(b"s3cret").decode()
        user = {"token": "s3cret", "client-certificate-data": data, "client-key-data": data}
        path = kubeconfig(tmp_path / "config", user=user, cluster={"proxy-url": "http://me:s3cret@proxy"})
        config = load_config(kubeconfig=path)

        assert "s3cret" == config.token
        assert not [secret for secret in SECRETS if secret in repr(config)]


class TestServiceAccount:
    def test_everything_comes_from_the_folder(self, pod):
        """Files are named, not read once, for they change."""
        env, folder = pod
        config = load_config(environ=env, service_account=str(folder))

        assert ("https://[fd00::1]:443", "here") == (config.server, config.namespace)
        assert (str(folder / "token"), str(folder / "ca.crt")) == (config.token_file, config.ca_file)
        assert "s3cret" not in repr(config)

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("token", None, "its token file does not exist"),
            ("token", "", "its token file is empty"),
            ("ca.crt", None, "its certificate file does not exist"),
            ("ca.crt", "", "its certificate file is empty"),
        ],
    )
    def test_an_incomplete_folder(self, pod, name, content, message):
        """The list of places says what is missing."""
        env, folder = pod
        (folder / name).unlink() if content is None else (folder / name).write_text(content)

        with pytest.raises(ConfigError, match=message):
            load_config(environ=env, service_account=str(folder))

    def test_without_a_namespace_file(self, pod):
        """There is always one to work in."""
        env, folder = pod
        (folder / "namespace").unlink()

        assert "default" == load_config(environ=env, service_account=str(folder)).namespace

    def test_the_proxy_is_spared_by_network(self, pod):
        """NO_PROXY with the cluster's network keeps in-cluster traffic direct."""
        env, folder = pod
        proxied = {**env, "HTTPS_PROXY": "http://proxy"}
        direct = {**proxied, "NO_PROXY": "fd00::/8"}

        assert ["http://proxy", ""] == [
            load_config(environ=e, service_account=str(folder)).proxy for e in (proxied, direct)
        ]


PLUGIN = """
import json, os, sys
told = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
print("chatter", file=sys.stderr)
print(json.dumps({"apiVersion": told["apiVersion"], "kind": "ExecCredential", "status": %s}))
"""


@pytest.fixture
def plugin(tmp_path):
    """Return a function that makes the configuration of a user with a plugin of this Python code."""

    def make(code, cluster=None, **spec):
        (tmp_path / "plugin.py").write_text(code)
        api = "client.authentication.k8s.io/v1"
        run = {"apiVersion": api, "command": sys.executable, "args": [str(tmp_path / "plugin.py")], **spec}
        return load_config(kubeconfig=kubeconfig(tmp_path / "config", user={"exec": run}, cluster=cluster), environ={})

    return make


class TestPlugins:
    def test_a_token(self, plugin):
        """With the time it ends."""
        status = '{"token": "s3cret", "expirationTimestamp": "2030-01-01T00:00:00Z"}'
        credential = plugin(PLUGIN % status).fetch()

        assert "Bearer s3cret" == credential.authorization
        assert "2030-01-01T00:00:00+00:00" == credential.expires.isoformat()

    def test_a_certificate(self, plugin):
        """Instead of a token."""
        credential = plugin(PLUGIN % '{"clientCertificateData": "cert", "clientKeyData": "key"}').fetch()

        assert ("", b"cert", b"key") == (credential.authorization, credential.certificate, credential.key)

    def test_is_told_what_it_needs(self, plugin):
        """The cluster when it asks for it, its own settings, and its environment."""
        extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
        code = PLUGIN % '{"token": "%s-%s" % (told["spec"]["cluster"]["config"]["audience"], os.environ["REGION"])}'
        env = [{"name": "REGION", "value": "north"}]
        config = plugin(code, cluster={"extensions": [extension]}, provideClusterInfo=True, env=env)

        assert "Bearer x-north" == config.fetch().authorization

    def test_is_told_of_the_cluster_what_the_protocol_says_and_no_more(self, tmp_path, plugin):
        """A CA file is passed on as its content: the plugin may run elsewhere (client.authentication.k8s.io/v1)."""
        (tmp_path / "ca.crt").write_bytes(b"PEM")
        told = f"open({str(tmp_path / 'told')!r}, 'w').write(json.dumps(told['spec']['cluster']))\n"
        code = PLUGIN.replace("print(json", told + "print(json", 1) % '{"token": "a"}'
        cluster = {"certificate-authority": "ca.crt", "tls-server-name": "api", "proxy-url": "http://p:1", "odd": 1}
        plugin(code, cluster=cluster, provideClusterInfo=True).fetch()
        seen = json.loads((tmp_path / "told").read_text())

        assert "UEVN" == seen.pop("certificate-authority-data")
        assert {"server", "tls-server-name", "proxy-url"} == set(seen)

    def test_runs_only_when_a_credential_is_needed(self, tmp_path, plugin):
        """Loading a configuration starts no program."""
        plugin(f"open({str(tmp_path / 'ran')!r}, 'w')")

        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize(
        ("code", "spec", "message"),
        [
            ("import sys; print('s3cret'); sys.exit(3)", {}, "failed with exit code 3"),
            ("print('s3cret')", {}, "printed no usable ExecCredential"),
            ("print('{}')", {}, "printed no usable ExecCredential"),
            (PLUGIN % "{}", {}, "printed no usable ExecCredential"),
            (PLUGIN % '{"token": "s3c ret"}', {}, "holds white space|no usable"),
            (PLUGIN % '{"token": "a", "expirationTimestamp": "s3cret"}', {}, "printed no usable"),
            (PLUGIN % '{"clientCertificateData": "s3cret"}', {}, "printed a certificate or a key, not both"),
            (PLUGIN % '{"clientKeyData": "s3cret", "token": "a"}', {}, "printed a certificate or a key, not both"),
            ((PLUGIN % '{"token": "a"}').replace("ExecCredential", "Pod"), {}, "printed no usable"),
            (PLUGIN % '{"token": "a"}', {"interactiveMode": "Perhaps"}, "interactiveMode 'Perhaps'; .* Never, IfAvail"),
            ("", {"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "apiVersion .*v1alpha1'; what is supported"),
            (PLUGIN % '{"token": "a"}', {"interactiveMode": "Always"}, "needs a terminal"),
            ("", {"command": "no-such-plugin", "installHint": "brew install it"}, "not installed: brew install it"),
            ("", {"command": "no-such-plugin"}, "not installed: install it"),
            ("", {"command": "/"}, "cannot be used: Permission denied"),
        ],
    )
    def test_failures_are_named(self, plugin, code, spec, message):
        """What it printed is not repeated."""
        with pytest.raises(ConfigError, match=message) as caught:
            plugin(code, **spec).fetch()
        assert "s3c" not in str(caught.value)

    def test_a_command_beside_the_kubeconfig(self, tmp_path, plugin):
        """A command with a slash is relative to the file, one without is looked for in PATH."""
        config = plugin("", command="./bin/plugin")

        assert str(tmp_path / "bin/plugin") == os.path.normpath(config.fetch.__self__.spec["command"])


def test_impersonating_nobody(tmp_path):
    """Groups alone would make us mightier or weaker than anybody meant."""
    path = kubeconfig(tmp_path / "config", user={"as-groups": ["system:masters"]})

    with pytest.raises(ConfigError, match=r"impersonates nobody: groups, .*; set `as`"):
        load_config(kubeconfig=path, environ={})


def test_user_agent():
    """The server's audit log shows who we are."""
    assert ClusterConfig(server="https://a").user_agent.startswith("levelset/")
