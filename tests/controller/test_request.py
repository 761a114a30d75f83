"""What goes into a reconciler and what comes out."""

import pytest

from controller.request import Request, Result, TerminalError, reconcile_of
from informers.api.objects import NamespacedName


class TestRequest:
    def test_it_is_the_name_of_an_object(self):
        """A request serves wherever a name does, and is found under it."""
        request = Request("default", "web")

        assert NamespacedName("default", "web") == request
        assert "default/web" == str(request)
        assert {request: 1}[NamespacedName("default", "web")]

    def test_it_is_read_from_text(self):
        """Parsing gives a request, not just a name."""
        request = Request.parse("default/web")

        assert isinstance(request, Request)
        assert Request("default", "web") == request


class TestResult:
    def test_nothing_is_asked_for_by_default(self):
        """The empty result is: done, wait for a change."""
        result = Result()

        assert (None, False, None) == (result.requeue_after, result.requeue, result.priority)

    @pytest.mark.parametrize("never", [float("inf"), float("nan")])
    def test_a_time_that_never_comes_is_refused(self, never):
        """An endless requeue_after would look like a promise to come back."""
        with pytest.raises(ValueError, match="requeue_after"):
            Result(requeue_after=never)

    def test_a_duration_of_another_kind_is_refused_where_it_is_made(self):
        """The mistake shows in the reconciler, not later in the queue."""
        with pytest.raises(TypeError):
            Result(requeue_after="5m")
        with pytest.raises(TypeError, match="priority"):
            Result(priority="high")


class TestTerminalError:
    def test_it_says_that_it_is_terminal(self):
        """The log line tells it from errors that are retried."""
        assert "terminal error: no such class" == str(TerminalError("no such class"))
        assert "terminal error" == str(TerminalError())


class TestReconcileOf:
    def test_an_object_and_a_function_both_serve(self):
        """Either way there is something to call with a request."""

        class Reconciler:
            def reconcile(self, request):
                return Result(requeue_after=1)

        def function(request):
            return None

        assert Result(requeue_after=1) == reconcile_of(Reconciler())(Request("", "a"))
        assert function is reconcile_of(function)

    def test_what_cannot_be_called_is_refused_with_the_fix(self):
        """Each mistake is named before anything starts."""

        class Reconciler:
            def reconcile(self, request):
                return None

        async def function(request):
            return None

        with pytest.raises(TypeError, match=r"pass an instance, such as Reconciler\(manager\)"):
            reconcile_of(Reconciler)
        with pytest.raises(TypeError, match="plain def"):
            reconcile_of(function)
        with pytest.raises(TypeError, match=r"reconcile\(request\)"):
            reconcile_of(42)
