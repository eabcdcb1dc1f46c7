"""Who is on duty, in which order they are rung, and what missed calls and the end of a talk lead to."""

from __future__ import annotations

from routing.duty import PASSED_OVER_SECONDS, Join, Leave, Membership, Order, Pause, Rank, Ready, Staff, Tell, estimated_minutes
from routing.people import Guide, Seat, Staffing

IDLE, UNAVAILABLE = 1, 5


def guide(extension: str, seat: Seat = "back_office", queues: tuple[str, ...] = ("guides",)) -> Guide:
    return Guide(extension=extension, name=f"Guide {extension}", queues=queues, seat=seat)


def staff(*guides: Guide, wrap_up: int = 0) -> Staff:
    """All of them logged in and ready, ranked by their seats."""
    found = Staff(guides, Staffing(pause_after_missed=2, wrap_up_seconds=wrap_up))
    for one in guides:
        for queue in one.queues:
            found.seen(one.extension, queue, Membership(0), IDLE)
    obey(found, found.orders(0.0))
    return found


def obey(found: Staff, orders: list[Order]) -> list[Order]:
    """What Asterisk would tell once the orders are carried out."""
    for order in orders:
        for queue, one in list(found.duties[order.extension].memberships.items()):
            match order:
                case Rank(_, ranked, penalty) if ranked == queue:
                    found.seen(order.extension, queue, Membership(penalty, one.paused, one.reason, one.since), IDLE)
                case Pause(_, reason):
                    found.seen(order.extension, queue, Membership(one.penalty, True, reason, 100.0), IDLE)
                case Ready():
                    found.seen(order.extension, queue, Membership(one.penalty), IDLE)
    return orders


def ranks(found: Staff, queue: str = "guides") -> dict[str, int]:
    return {extension: duty.memberships[queue].penalty for extension, duty in found.duties.items() if queue in duty.memberships}


BACK, DESK, STAND_IN = guide("1001"), guide("1003", "reception"), guide("1004", "stand_in")


def test_each_seat_has_its_rank() -> None:
    assert ranks(staff(BACK, DESK, STAND_IN)) == {"1001": 0, "1003": 1, "1004": 2}


def test_the_first_seat_with_somebody_on_duty_is_rung_at_once_and_the_later_ones_keep_their_time() -> None:
    found = staff(BACK, DESK, STAND_IN)
    found.seen("1001", "guides", Membership(0, True, "break", 1.0), IDLE)
    obey(found, found.orders(0.0))
    assert ranks(found) == {"1001": 0, "1003": 0, "1004": 2}
    found.seen("1001", "guides", Membership(0), IDLE)
    obey(found, found.orders(0.0))
    assert ranks(found) == {"1001": 0, "1003": 1, "1004": 2}


def test_who_could_take_a_call_now_is_free() -> None:
    found = staff(BACK, DESK, guide("1002", queues=("care",)))
    assert found.is_free("1001", "guides")
    assert not found.is_free("1002", "guides")
    assert not found.is_free("9999", "guides")
    found.seen("1001", "guides", Membership(0), 2)
    assert not found.is_free("1001", "guides")
    found.seen("1001", "guides", Membership(0), IDLE)
    found.rings("1001", "a call")
    assert not found.is_free("1001", "guides")
    found.seen("1003", "guides", Membership(0, True, "break", 1.0), IDLE)
    assert not found.is_free("1003", "guides")


def test_an_unplugged_phone_is_an_empty_seat() -> None:
    found = staff(BACK, DESK)
    found.seen("1001", "guides", Membership(0), UNAVAILABLE)
    obey(found, found.orders(0.0))
    assert ranks(found)["1003"] == 0


def test_who_has_just_missed_a_call_is_rung_last_for_a_minute() -> None:
    found = staff(BACK, guide("1002"), STAND_IN)
    found.misses("1001", "a", 10.0)
    obey(found, found.orders(10.0))
    assert ranks(found) == {"1001": 3, "1002": 0, "1004": 2}
    assert found.next_moment(10.0) == 10.0 + PASSED_OVER_SECONDS
    obey(found, found.orders(10.0 + PASSED_OVER_SECONDS))
    assert ranks(found) == {"1001": 0, "1002": 0, "1004": 2}


def test_missed_calls_in_a_row_pause_and_the_guide_is_told() -> None:
    found = staff(BACK, guide("1002"))
    found.misses("1001", "a", 10.0)
    found.misses("1001", "b", 20.0)
    assert found.orders(20.0)[:2] == [Pause("1001", "missed"), Tell("1001")]


def test_the_retries_for_one_call_are_one_missed_call() -> None:
    found = staff(BACK, guide("1002"))
    for at in range(5):
        found.misses("1001", "a", float(at))
    assert not [order for order in found.orders(5.0) if isinstance(order, Pause)]


def test_an_answer_or_a_come_back_begins_the_count_anew() -> None:
    found = staff(BACK, guide("1002"))
    found.misses("1001", "a", 10.0)
    found.answers("1001")
    found.misses("1001", "b", 20.0)
    assert not [order for order in found.orders(20.0) if isinstance(order, Pause)]


def test_who_comes_back_by_the_phone_has_missed_nothing() -> None:
    found = staff(BACK, guide("1002"))
    for call in ("a", "b"):
        found.misses("1001", call, 10.0)
    obey(found, [order for order in found.orders(10.0) if not isinstance(order, Tell)])
    assert (found.duties["1001"].state, found.duties["1001"].missed) == ("paused", 2)
    found.seen("1001", "guides", Membership(0), IDLE)
    assert found.duties["1001"].missed == 0


def test_two_who_miss_at_once_leave_one_even_before_asterisk_has_told_of_the_first_pause() -> None:
    found = staff(BACK, guide("1002"))
    for call in ("a", "b"):
        for extension in ("1001", "1002"):
            found.misses(extension, call, 10.0)
            found.seen(extension, "guides", Membership(0), IDLE)  # told late: the pause is not yet in it
    assert [order.extension for order in found.orders(10.0) if isinstance(order, Pause)] == ["1001"]


def test_the_last_of_any_queue_stays_though_another_queue_has_more() -> None:
    found = staff(guide("1001", queues=("a", "b")), guide("1002", queues=("a",)))
    for call in ("x", "y"):
        found.misses("1001", call, 10.0)
        found.misses("1002", call, 10.0)
    assert [order.extension for order in found.orders(10.0) if isinstance(order, Pause)] == ["1002"]


def test_a_talk_ends_in_a_wrap_up_that_ends_by_itself() -> None:
    found = staff(BACK, wrap_up=20)
    found.completes("1001")
    assert obey(found, found.orders(100.0)) == [Pause("1001", "wrap_up")]
    assert found.duties["1001"].state == "wrapup"
    assert found.orders(119.0) == []
    assert found.next_moment(100.0) == 120.0
    assert found.orders(120.0) == [Ready("1001")]


def test_a_wrap_up_of_a_chosen_length_says_so_itself() -> None:
    found = staff(BACK, wrap_up=20)
    found.seen("1001", "guides", Membership(0, True, "wrap_up:45", 100.0), IDLE)
    assert (found.duties["1001"].reason, found.next_moment(100.0)) == ("wrap_up", 145.0)


def test_a_pause_of_ones_own_during_the_talk_is_kept() -> None:
    found = staff(BACK, wrap_up=20)
    found.seen("1001", "guides", Membership(0, True, "meeting", 90.0), 2)
    found.completes("1001")
    assert found.orders(1000.0) == []


def test_without_a_wrap_up_in_the_file_there_is_none() -> None:
    found = staff(BACK)
    found.completes("1001")
    assert found.orders(100.0) == []


def test_who_is_in_some_queues_and_not_in_all_is_mended_and_strangers_leave() -> None:
    found = Staff([guide("1001", queues=("a", "b"))], Staffing())
    found.seen("1001", "a", Membership(0, True, "break", 5.0), IDLE)
    found.seen("1009", "a", Membership(0), IDLE)
    assert found.repairs() == [Join("1001", "b", 0), Pause("1001", "break")]
    assert found.orders(10.0) == [Leave("1009", "a")]


def test_the_states_count_those_who_are_logged_in() -> None:
    found = staff(BACK, guide("1002"), DESK)
    found.rings("1001", "a")
    found.seen("1002", "guides", Membership(0, True, "visit", 5.0), IDLE)
    found.gone("1003", "guides")
    assert {state: count for state, count in found.states("guides").items() if count} == {"ringing": 1, "paused": 1}
    assert found.on_duty("guides") == 1


def test_an_estimate_is_said_from_three_guides_on_in_whole_minutes_rounded_up() -> None:
    assert estimated_minutes(5, 180, 2) is None
    assert estimated_minutes(1, 180, 0) is None
    assert [estimated_minutes(place, 180, 3) for place in (1, 2, 3)] == [1, 2, 3]
    assert estimated_minutes(3, 128, 3) == 3
