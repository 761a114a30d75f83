"""Lists: whole, one by one, page by page, now or at a version."""

import pytest

from informers.api.errors import Expired
from tests.informers.api.played import CONFIG_MAP, config_map, page, status


def names(objects):
    """Return the names."""
    return [obj["metadata"]["name"] for obj in objects]


class TestIterating:
    def test_no_more_than_a_page_is_held(self, play):
        """The second page is asked for when the first is used up."""
        client, calls, _ = play(page(config_map("a"), config_map("b"), **{"continue": "t"}), page(config_map("c")))
        objects = client.iterate(CONFIG_MAP, page_size=2)
        first = [next(objects), next(objects)]
        asked = len(calls)

        assert (["a", "b"], 1) == (names(first), asked)
        assert ["c"] == names(objects)
        assert (("limit", "2"), ("continue", "t")) == calls[1].query

    def test_expiry_is_told(self, play):
        """What was yielded cannot be taken back, so whoever iterates begins again."""
        client, _, _ = play(page(config_map("a"), **{"continue": "t"}), status(410, "Expired"))

        with pytest.raises(Expired):
            list(client.iterate(CONFIG_MAP, page_size=1))


class TestPages:
    def test_a_page_knows_what_follows(self, play):
        """Its token, its version, and how many are left."""
        client, _, _ = play(page(config_map("a"), **{"continue": "t", "remainingItemCount": 4}))
        found = client.page(CONFIG_MAP, limit=1)

        assert ["a"] == names(found)
        assert ("t", "9", 4) == (found.continue_, found.resource_version, found.remaining)

    def test_an_expired_token_may_come_with_another(self, play):
        """By which the list goes on, as of now (H5)."""
        refusal = b'{"kind":"Status","code":410,"reason":"Expired","metadata":{"continue":"t2"}}'
        client, _, _ = play(type(status(410))(410, {}, refusal))

        with pytest.raises(Expired) as caught:
            client.page(CONFIG_MAP, limit=1, continue_="t")
        assert "t2" == caught.value.continue_

    def test_a_list_knows_its_version(self, play):
        """There a watch goes on."""
        client, _, _ = play(page(config_map("a")))

        assert "9" == client.list(CONFIG_MAP).resource_version


class TestVersions:
    @pytest.mark.parametrize(("exact", "match"), [(False, "NotOlderThan"), (True, "Exact")])
    def test_how_it_is_meant_is_always_said(self, play, exact, match):
        """With a limit, the server would take silence for exact; the second page has the token alone."""
        client, calls, _ = play(page(**{"continue": "t"}), page())
        client.list(CONFIG_MAP, page_size=1, resource_version="5", exact=exact)

        assert (("limit", "1"), ("resourceVersion", "5"), ("resourceVersionMatch", match)) == calls[0].query
        assert (("limit", "1"), ("continue", "t")) == calls[1].query

    def test_exactly_which(self, play):
        """A mistake is named before anything is sent."""
        client, calls, _ = play()

        with pytest.raises(ValueError, match="needs the resource_version"):
            client.list(CONFIG_MAP, exact=True)
        assert [] == calls

    def test_get_at_a_version(self, play):
        """From the server's cache."""
        client, calls, _ = play(page())
        client.get(CONFIG_MAP, "ns/a", resource_version="5")

        assert (("resourceVersion", "5"),) == calls[0].query


def test_a_selection_that_does_not_exist(play):
    """A misspelled argument is no silent list of everything."""
    client, _, _ = play()

    with pytest.raises(TypeError, match="label selects no objects; what does: namespace, labels, fields"):
        client.list(CONFIG_MAP, label="a=b")
