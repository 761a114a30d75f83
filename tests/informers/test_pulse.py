"""When a silent stream is merely quiet."""

from informers.pulse import Pulse


def beat(pulse, *times):
    """Let bookmarks come on one stream."""
    pulse.opened()
    for now in times:
        pulse.bookmark(now)


def test_without_bookmarks_a_stream_may_be_silent_as_long_as_it_lasts():
    """Servers need not send any."""
    assert 410.0 == Pulse().allowance(400.0)


def test_regular_bookmarks_shorten_the_patience():
    """Two and a half gaps without a byte mean a dead connection."""
    pulse = Pulse()
    beat(pulse, 0, 80)

    assert 200.0 == pulse.allowance(400.0)
    assert 110.0 == pulse.allowance(100.0)


def test_two_bookmarks_in_quick_succession_do_not_make_it_nervous():
    """The first ones often come together."""
    pulse = Pulse()
    beat(pulse, 0, 0.5)

    assert 150.0 == pulse.allowance(400.0)


def test_the_gap_between_two_streams_teaches_nothing():
    """Nobody could have sent a bookmark between them."""
    pulse = Pulse()
    beat(pulse, 0)
    beat(pulse, 500)

    assert 410.0 == pulse.allowance(400.0)


def test_two_silent_streams_of_a_server_that_used_to_speak_raise_doubt():
    """The first may be the network's fault; the second may be the version's."""
    pulse = Pulse()
    beat(pulse, 0, 60)

    assert not pulse.ended(lines=0, lived=200)
    assert 410.0 == pulse.allowance(400.0)
    assert pulse.ended(lines=0, lived=400)


def test_a_server_that_never_sent_bookmarks_is_not_doubted():
    """Silence is all it has to say."""
    pulse = Pulse()

    assert [False] * 5 == [pulse.ended(lines=0, lived=400) for _ in range(5)]


def test_one_line_lifts_the_doubt():
    """As does a list."""
    pulse = Pulse()
    beat(pulse, 0, 60)
    pulse.ended(lines=0, lived=200)
    pulse.ended(lines=1, lived=200)

    assert not pulse.ended(lines=0, lived=400)
    beat(pulse, 1000, 1060)
    pulse.ended(lines=0, lived=200)
    pulse.reset()
    assert not pulse.ended(lines=0, lived=400)


def test_streams_too_short_to_expect_anything_prove_nothing():
    """A connection that breaks after a minute was not silent."""
    pulse = Pulse()
    beat(pulse, 0, 60)

    assert [False] * 3 == [pulse.ended(lines=0, lived=100) for _ in range(3)]


def test_after_a_broken_connection_one_silent_stream_is_enough():
    """H4: whoever answers next may have been restored from a backup, and would be silent for ever."""
    pulse = Pulse()
    for second in (0, 60, 120):
        pulse.bookmark(second)
    pulse.ended(lines=3, lived=130)
    pulse.lost()

    assert pulse.ended(lines=0, lived=150)


def test_after_a_broken_connection_bookmarks_need_not_have_come_before():
    """H4: a mirror that was young when its server was restored must find out as well."""
    pulse = Pulse()
    pulse.lost()

    assert not pulse.ended(lines=0, lived=100)
    assert pulse.ended(lines=0, lived=400)


def test_a_line_after_a_broken_connection_shows_that_all_is_well():
    """Then it takes two silent streams again."""
    pulse = Pulse()
    for second in (0, 60, 120):
        pulse.bookmark(second)
    pulse.lost()
    pulse.ended(lines=1, lived=150)

    assert not pulse.ended(lines=0, lived=150)
