"""The state machine of a reflector, one sentence of its rulebook at a time."""

import pytest

from informers.api.errors import (
    ApiError,
    BadRequest,
    Expired,
    Forbidden,
    KindNotServed,
    LevelsetError,
    MethodNotAllowed,
    NotFound,
    ResponseLost,
    ServerError,
    TooLarge,
    TooLargeResourceVersion,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Undecodable,
    Unreachable,
)
from informers.api.wire import ListPage
from informers.listwatch import ListWatch
from informers.runtime import seeded
from informers.states import (
    PAGE_SIZE,
    Absent,
    Backoff,
    List,
    Listing,
    ListWatchOptions,
    Look,
    Wait,
    Watch,
    Watching,
)
from tests.informers.scripted import item

LIMIT = str(PAGE_SIZE)


@pytest.fixture
def machine():
    """A machine that has done nothing yet."""
    return ListWatch(seeded(1), ListWatchOptions())


@pytest.fixture
def watching(machine):
    """A machine whose list is done, and whose watch is open since second 100."""
    machine.listed(ListPage("50"), 100)
    machine.opened(100)
    return machine


@pytest.fixture
def audited():
    """A machine that is about to audit a mirror of version 60."""
    machine = ListWatch(seeded(1), ListWatchOptions(audit_interval=1000.0))
    machine.listed(ListPage("50"), 0)
    machine.opened(1200)
    machine.bookmark("60", 1501)
    machine.ended(1600)
    return machine


def query(machine):
    """Return the next query as a dict."""
    return dict(machine.next().query)


def resume(machine):
    """Let the wait pass; a server that is looked at is as far as it was."""
    assert isinstance(machine.next(), Wait)
    machine.waited()
    if isinstance(machine.next(), Look):
        machine.looked(machine.version)
    return machine.state


class TestListing:
    def test_the_first_list_is_consistent_and_paged(self, machine):
        """No resourceVersion, never "0": a restart must not show an older world than before."""
        assert List((("limit", LIMIT),)) == machine.next()

    def test_no_list_ever_names_a_version(self, watching):
        """Nor does a later one."""
        watching.failed(Expired("old"), 101)
        resume(watching)

        assert {"limit": LIMIT} == query(watching)

    def test_pages_are_collected_to_one_list(self, machine):
        """Only the last page makes the list complete; then the watch goes on from its version."""
        first = machine.listed(ListPage("50", "more", None, [item("a", 1)]), 1)

        assert (None, {"limit": LIMIT, "continue": "more"}) == (first, query(machine))
        done = machine.listed(ListPage("50", "", None, [item("b", 2)]), 2)
        assert (["a", "b"], "50", "start") == ([o.meta.name for o in done.objects], done.resource_version, done.reason)
        assert "50" == query(machine)["resourceVersion"]

    def test_selectors_go_with_every_request(self):
        """A page without them would belong to another list."""
        machine = ListWatch(seeded(1), ListWatchOptions(labels="a=b", fields="metadata.name=x", page_size=0))
        selected = {"labelSelector": "a=b", "fieldSelector": "metadata.name=x"}

        assert selected == query(machine)
        machine.listed(ListPage("50", "more"), 1)
        assert {**selected, "continue": "more"} == query(machine)
        machine.listed(ListPage("50"), 1)
        assert selected.items() <= query(machine).items()

    def test_an_expired_token_restarts_the_list_in_pages_then_in_one_piece_then_waits(self, machine):
        """No page of the old list survives; an unpaged list cannot expire on the way."""
        seen = []
        for _ in range(3):
            machine.listed(ListPage("50", "more", None, [item("old", 1)]), 1)
            machine.failed(Expired("token"), 1)
            seen.append(type(machine.next()).__name__)
            machine.waited()
            seen.append(query(machine))

        assert ["List", {"limit": LIMIT}, "List", {}, "Wait", {}] == seen
        done = machine.listed(ListPage("60", "", None, [item("new", 55)]), 2)
        assert ["new"] == [obj.meta.name for obj in done.objects]

    def test_pages_of_two_versions_are_never_mixed(self, machine):
        """A page of another version means that the list began anew without telling."""
        machine.listed(ListPage("50", "more", None, [item("old", 1)]), 1)

        assert machine.listed(ListPage("51", "", None, [item("b", 2)]), 1) is None
        assert List((("limit", LIMIT),)) == machine.next()
        assert ["c"] == [o.meta.name for o in machine.listed(ListPage("52", "", None, [item("c", 3)]), 1).objects]

    @pytest.mark.parametrize("error", [ResponseLost("x"), Unavailable("x"), TooManyRequests("x")])
    def test_a_passing_failure_goes_on_with_the_same_page(self, machine, error):
        """Large lists must not begin anew for one lost answer."""
        machine.listed(ListPage("50", "more", None, [item("a", 1)]), 1)
        machine.failed(error, 2)
        resume(machine)

        assert "more" == query(machine)["continue"]

    @pytest.mark.parametrize("error", [BadRequest("token"), Undecodable("html"), Forbidden("no"), RuntimeError("bug")])
    def test_any_other_failure_begins_anew(self, machine, error):
        """The token itself, or what came with it, may be bad."""
        machine.listed(ListPage("50", "more", None, [item("a", 1)]), 1)
        machine.failed(error, 2)
        resume(machine)

        assert {"limit": LIMIT} == query(machine)

    @pytest.mark.parametrize("error", [TooManyRequests("x", retry_after=7.0), Unavailable("x", retry_after=7.0)])
    def test_the_servers_wish_to_wait_is_granted(self, machine, error):
        """429 and 503 name a time, and jitter comes on top."""
        machine.failed(error, 1)

        assert 7.0 <= machine.next().seconds <= 7.8

    @pytest.mark.parametrize("error", [NotFound("404"), KindNotServed("install it")])
    def test_a_kind_that_is_not_served_is_absent_and_asked_for_every_few_seconds(self, machine, error):
        """H39: a definition installed later is noticed soon and without a restart."""
        waits = []
        for second in range(20):
            machine.failed(error, second)
            assert isinstance(machine.state, Absent)
            waits.append(machine.next().seconds)
            machine.waited()

        assert 5 <= max(waits) <= 10
        assert isinstance(machine.next(), List)

    def test_a_kind_that_appears_has_nothing_to_be_forgiven(self, machine):
        """That it was absent does not slow down what comes after."""
        for second in range(20):
            machine.failed(NotFound("404"), second)
            machine.waited()
        machine.listed(ListPage("50"), 21)

        assert 0 == machine.pace.failures

    def test_a_smaller_version_after_a_list_is_a_new_epoch(self, watching):
        """The cluster's storage came back from a backup: all we know of versions is void."""
        watching.failed(TooLargeResourceVersion("ahead"), 101)
        resume(watching)

        assert "epoch" == watching.listed(ListPage("9"), 102).reason
        assert "9" == query(watching)["resourceVersion"]

    def test_a_page_while_nothing_was_asked_is_a_mistake(self, watching):
        """Whoever pumps the machine must follow it."""
        with pytest.raises(TypeError, match="a page came"):
            watching.listed(ListPage("50"), 1)


class TestWatching:
    def test_a_watch_asks_for_bookmarks_and_an_end(self, watching):
        """It goes on from the last version and ends after five to ten minutes, each time another."""
        watching.ended(200)
        seconds = {int(query(watching)["timeoutSeconds"]) for _ in range(50)}

        assert {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": "50"}.items() <= query(
            watching
        ).items()
        assert 290 <= min(seconds) < max(seconds) <= 580
        assert len(seconds) > 20

    def test_silence_is_borne_a_little_longer_than_the_watch_was_asked_to_last(self, watching):
        """A half-open connection is noticed, a quiet one left alone."""
        watching.ended(200)
        step = watching.next()

        assert isinstance(step, Watch)
        assert int(dict(step.query)["timeoutSeconds"]) + 10 == step.silence

    def test_regular_bookmarks_shorten_the_silence_that_is_borne(self, watching):
        """The next stream dies after two and a half gaps."""
        for second in (110, 170, 230):
            watching.bookmark(str(second), second)
        watching.ended(300)

        assert 150 == watching.next().silence

    def test_events_and_bookmarks_move_the_version_and_stragglers_do_not(self, watching):
        """A duplicate must not make the next watch repeat everything."""
        seen = []
        for version in ("51", "49", "60"):
            watching.event(version, 101)
            seen.append(watching.version)
        watching.bookmark("70", 102)

        assert (["51", "51", "60"], "70") == (seen, watching.version)

    def test_a_version_that_is_no_number_does_not_replace_one_that_is(self, watching):
        """Whatever it is, it is not of this server; where none is a number, all are taken as they come."""
        watching.bookmark("zz", 101)
        opaque = ListWatch(seeded(1), ListWatchOptions())
        opaque.listed(ListPage("abc"), 100)
        opaque.opened(100)
        opaque.event("def", 101)

        assert ("50", "def") == (watching.version, opaque.version)

    def test_a_stream_that_ends_in_good_order_is_followed_by_the_next_at_once(self, watching):
        """Nothing was missed, so there is no list and no wait."""
        watching.event("51", 101)

        assert "closed" == watching.ended(400)
        assert "51" == query(watching)["resourceVersion"]
        assert 0 == watching.pace.failures

    def test_a_stream_that_ends_at_once_without_news_is_a_failure(self, watching):
        """A server that accepts and hangs up must not be asked a thousand times a second."""
        watching.event("50", 100.2)

        assert "short" == watching.ended(100.5)
        assert isinstance(watching.state, Backoff)
        assert isinstance(resume(watching), Watching)

    def test_a_short_stream_with_news_is_none(self, watching):
        """It made progress."""
        watching.event("51", 100.2)

        assert ("closed", Watching()) == (watching.ended(100.5), watching.state)

    @pytest.mark.parametrize(
        "error",
        [
            ResponseLost("cut"),
            Unreachable("refused"),
            TooManyRequests("429"),
            Unavailable("503"),
            ServerError("500"),
            Unauthorized("401"),
            Forbidden("403"),
        ],
    )
    def test_a_failure_that_leaves_the_version_valid_waits_and_goes_on_from_it(self, watching, error):
        """No list: nothing was missed."""
        watching.event("51", 101)
        watching.failed(error, 102)
        state = resume(watching)

        assert (Watching(), "51") == (state, query(watching)["resourceVersion"])

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (Expired("410"), "expired"),
            (TooLargeResourceVersion("504"), "error"),
            (NotFound("404"), "error"),
            (MethodNotAllowed("405"), "error"),
            (BadRequest("400"), "error"),
            (Undecodable("half a line"), "error"),
            (ApiError("418"), "error"),
            (RuntimeError("bug"), "error"),
        ],
    )
    def test_a_failure_that_puts_the_version_in_doubt_waits_and_lists(self, watching, error, reason):
        """Even a 410 waits, so that a server which always answers so is not flooded with lists."""
        watching.failed(error, 102)

        assert Listing(reason) == resume(watching)

    def test_a_server_that_refuses_the_watch_again_and_again_is_asked_for_a_list(self, watching):
        """The version itself may be what it stumbles over."""
        states = []
        for second in range(3):
            watching.failed(ServerError("500"), 200 + second)
            states.append(type(resume(watching)))

        assert [Watching, Watching, Listing] == states

    def test_an_outage_does_not_end_in_a_list(self, watching):
        """When the server comes back, a fleet of watchers must not list all at once."""
        for second in range(20):
            watching.failed(Unreachable("down") if second % 2 else Unavailable("starting"), 200 + second)
            resume(watching)

        assert isinstance(watching.next(), Watch)

    def test_after_a_broken_connection_it_is_looked_how_far_the_server_is(self, watching):
        """H4: once, by a list of one object at most, until that is answered; then the watch goes on."""
        steps = []
        for error in (ResponseLost("cut"), Unavailable("starting")):
            watching.failed(error, 102)
            watching.waited()
            steps.append(watching.next())
        watching.looked("51")

        assert [Look((("limit", "1"),))] * 2 == steps
        assert "50" == query(watching)["resourceVersion"]

    def test_a_server_that_is_behind_after_a_broken_connection_is_another_world(self, watching):
        """H4: it was restored; a moment later it may be further than ever, and nothing would tell."""
        watching.failed(Unreachable("down"), 102)
        watching.waited()
        with pytest.raises(Expired, match="went back from 50 to 20") as caught:
            watching.looked("20")
        watching.failed(caught.value, 103)

        assert Listing("expired") == resume(watching)
        assert "epoch" == watching.listed(ListPage("77"), 104).reason  # however far it has come meanwhile
        assert isinstance(watching.next(), Watch)

    @pytest.mark.parametrize("error", [ResponseLost("silent", silent=True), ServerError("500"), TooManyRequests("429")])
    def test_otherwise_nobody_looks(self, watching, error):
        """H4: neither after silence nor after a refusal, for the server need not have been away."""
        watching.failed(error, 102)
        watching.waited()

        assert isinstance(watching.next(), Watch)

    def test_a_bookmark_of_the_past_means_that_versions_went_backwards(self, watching):
        """Then our version means nothing, and only a list can tell what is true."""
        with pytest.raises(Expired, match="went back from 50 to 7"):
            watching.bookmark("7", 101)

    def test_two_silent_streams_of_a_server_that_sent_bookmarks_end_in_a_list(self, watching):
        """A watch from a version that a restored server has not reached is silent for ever."""
        for second in (110, 170):
            watching.bookmark(str(second), second)
        watching.ended(300)
        watching.opened(300)
        watching.failed(ResponseLost("silent for 150 s"), 450)
        resume(watching)
        watching.opened(452)

        assert "silent" == watching.ended(900)
        assert Listing("silent") == watching.state

    def test_two_streams_lost_in_silence_end_in_a_list_as_well(self, watching):
        """It makes no difference who gave up first."""
        for second in (110, 170):
            watching.bookmark(str(second), second)
        for begun in (300, 600):
            watching.opened(begun)
            watching.failed(ResponseLost("silent"), begun + 200)
            resume(watching)

        assert Listing("silent") == watching.state

    def test_the_time_between_two_streams_is_no_gap_of_bookmarks(self, watching):
        """Nobody could have sent one."""
        watching.bookmark("60", 290)
        watching.ended(300)
        watching.opened(300)
        watching.bookmark("61", 310)
        watching.ended(500)

        assert watching.next().silence > 200

    def test_a_list_makes_up_for_refused_watches(self, watching):
        """The count begins anew."""
        for second in range(2):
            watching.failed(ServerError("500"), 200 + second)
            resume(watching)
        watching.failed(Expired("410"), 300)
        resume(watching)
        watching.listed(ListPage("60"), 301)
        watching.failed(ServerError("500"), 302)

        assert Watching() == resume(watching)

    def test_a_list_now_and_then_audits_the_watch(self):
        """After twelve hours, give or take half, the next stream is preceded by a list."""
        machine = ListWatch(seeded(1), ListWatchOptions(audit_interval=1000.0))
        machine.listed(ListPage("50"), 0)
        states = []
        for second in (499, 1501):
            machine.opened(second - 400)
            machine.bookmark(str(second), second)
            machine.ended(second)
            states.append(machine.state)

        assert [Watching(), Listing("audit", exactly="1501")] == states

    def test_an_audit_lists_at_the_version_up_to_which_everything_was_seen(self, audited):
        """H46: every difference between that list and the mirror is an event that was lost."""
        first = query(audited)
        audited.listed(ListPage("60", "more"), 2000)

        assert {"resourceVersion": "60", "resourceVersionMatch": "Exact", "limit": LIMIT} == first
        assert {"continue": "more", "limit": LIMIT} == query(audited)
        done = audited.listed(ListPage("60"), 2001)
        assert ("audit", "60", "60") == (done.reason, done.resource_version, done.seen)

    @pytest.mark.parametrize(
        "error", [Expired("too old"), BadRequest("what match?"), TooLargeResourceVersion("ahead"), ResponseLost("x")]
    )
    def test_a_server_that_cannot_list_the_past_is_audited_at_the_present(self, audited, error):
        """That finds less, and repairs as much."""
        audited.failed(error, 2000)
        if isinstance(audited.next(), Wait):
            audited.waited()

        assert ["limit"] == list(query(audited))
        assert ("audit", "60") == (audited.state.reason, audited.listed(ListPage("70"), 2001).seen)

    def test_audits_can_be_turned_off(self):
        """None means never."""
        machine = ListWatch(seeded(1), ListWatchOptions(audit_interval=None))
        machine.listed(ListPage("50"), 0)
        machine.opened(0)
        machine.event("51", 10**9)

        assert ("closed", Watching()) == (machine.ended(10**9), machine.state)


class TestDoubt:
    def test_a_list_that_lacks_most_objects_replaces_nothing_until_a_second_one_confirms_it(self, watching):
        """H45: the second comes after a short wait, and is believed."""
        for number in range(100):
            watching.event(str(60 + number), 101, change=1)
        watching.failed(Expired("410"), 200)
        resume(watching)
        with pytest.raises(LevelsetError, match="a list lacks 100 of 100") as doubt:
            watching.listed(ListPage("500"), 201)
        watching.failed(doubt.value, 201)
        resume(watching)

        assert ("159", "expired") == (watching.version, watching.state.reason)
        assert [] == watching.listed(ListPage("501"), 203).objects

    @pytest.mark.parametrize("error", [ServerError("timeout", code=504), TooLarge("413"), ResponseLost("cut")])
    def test_a_page_that_cannot_be_had_is_asked_for_smaller(self, machine, error):
        """From the same token where that still holds; after a whole list pages grow again."""
        machine.listed(ListPage("50", "more", None, [item("a", 1)]), 1)
        machine.failed(error, 2)
        resume(machine)
        smaller = query(machine)["limit"]
        machine.listed(ListPage("50"), 3)
        machine.failed(Expired("410"), 4)
        resume(machine)

        assert ("2000", "4000") == (smaller, query(machine)["limit"])

    def test_a_list_in_one_piece_that_does_not_arrive_is_asked_for_in_pages_again(self, machine):
        """Else an expiring token and a slow server would be the end."""
        for _ in range(2):
            machine.listed(ListPage("50", "more"), 1)
            machine.failed(Expired("token"), 1)
        whole = query(machine)
        machine.failed(ResponseLost("not complete in time"), 2)
        resume(machine)

        assert ({}, {"limit": "2000"}) == (whole, query(machine))


class TestPacing:
    def test_an_expiry_after_an_outage_leads_to_a_list_at_once(self, watching):
        """H5: the server is well again, and the mirror has waited long enough; only repeated expiries wait longer."""
        waits = []
        for second in range(200, 210):
            watching.failed(Unreachable("down"), second)
            resume(watching)
        for second in range(210, 215):
            watching.failed(Expired("410"), second)
            waits.append(watching.next().seconds)
            resume(watching)
            watching.listed(ListPage(str(second)), second)
            watching.opened(second)

        assert waits[0] < 1.6
        assert 12.8 <= waits[-1]

    def test_failures_of_lists_and_watches_add_up(self, watching):
        """A list that works between failing watches does not shorten the wait."""
        waits = []
        for second in range(0, 80, 10):
            watching.failed(Expired("410"), 200 + second)
            waits.append(watching.next().seconds)
            resume(watching)
            watching.listed(ListPage(str(60 + second)), 201 + second)
            watching.opened(201 + second)

        assert waits[0] < 1.6
        assert waits[-1] >= 30

    def test_the_last_error_is_kept(self, watching):
        """Whoever asks why nothing comes gets the reason."""
        error = Forbidden("pods is forbidden")
        watching.failed(error, 101)

        assert (error, 1) == (watching.last_error, watching.pace.failures)
