"""What customers say of movies: reviews, threads, reports, moderation, and what is left of who leaves."""

import json
import threading

import grpc
import pytest

from partner import Partner, catalog_pb2, new_id, refusal, wait_ready
from command_line import CommandLine
from serving import Serving
from test_accounts import PASSWORD, Customer
from test_movies import Keeper
from usher.v1 import account_pb2
from usher.v1 import review_pb2 as api
from usher.v1 import review_pb2_grpc
from usherd import wait_until

SPAM, ABUSE = api.CONTENT_OBJECTION_SPAM, api.CONTENT_OBJECTION_ABUSE
NO_REVIEW = (grpc.StatusCode.NOT_FOUND, "REVIEW_NOT_FOUND")
NO_COMMENT = (grpc.StatusCode.NOT_FOUND, "COMMENT_NOT_FOUND")


class Reviews:
    """Calls of the service over one connection."""

    def __init__(self, channel):
        self._stub = review_pb2_grpc.ReviewServiceStub(channel)

    def __getattr__(self, method):
        call, request = getattr(self._stub, method), getattr(api, f"{method}Request")
        return lambda **fields: call(request(**fields), timeout=30)

    def all(self, method, field, size=3, **fields):
        found, token = [], ""
        while True:
            page = getattr(self, method)(page_size=size, page_token=token, **fields)
            assert len(getattr(page, field)) <= size
            found += getattr(page, field)
            token = page.next_page_token
            if not token:
                return found


class Writer(Customer):
    """A customer who writes, and reads like everybody."""

    def __init__(self, demo, name):
        super().__init__(demo, name=name)
        self.door = self.connection()
        self.reviews = Reviews(self.door.channel)

    def put(self, movie_id, rating, text=""):
        return self.reviews.PutReview(movie_id=movie_id, rating=rating, text=text).review

    def comment(self, review_id, text, parent=0, request_id=None):
        return self.reviews.AddComment(
            review_id=review_id, text=text, parent_comment_id=parent,
            request_id=request_id or new_id()).comment


@pytest.fixture
def keeper(demo):
    with demo.partner(None) as connection:
        yield Keeper(demo, connection.channel)


@pytest.fixture
def movie(keeper):
    return keeper.movie().movie.movie_id


@pytest.fixture(scope="module")
def writers(demo):
    """Three who stay; passwords take their time to check."""
    made = [Writer(demo, name) for name in ("Ada", "Eve", "")]
    yield made
    for writer in made:
        writer.door.channel.close()


@pytest.fixture
def reader(demo):
    with demo.partner() as partner:
        partner.reviews = Reviews(partner.channel)
        yield partner


def rating(reader, movie_id):
    request = catalog_pb2.GetMovieRequest(movie_id=movie_id)
    found = reader.catalog.GetMovie(request, timeout=20).movie.rating
    return found.average, found.count


def refused(call, *arguments, **options):
    found = refusal(call, *arguments, **options)
    return found.code, found.reason


def test_an_account_has_one_review_of_a_movie(writers, reader, movie):
    ada, eve, _ = writers
    first = ada.put(movie, 9, "Good.\nVery good.")
    assert (first.author_name, first.rating, first.text) == ("Ada", 9, "Good.\nVery good.")
    assert first.movie_id == movie and not first.HasField("edited_at")
    second = eve.put(movie, 4)
    assert rating(reader, movie) == (6.5, 2)
    again = ada.put(movie, 7, "Not that good.")
    assert again.review_id == first.review_id and again.created_at == first.created_at
    assert again.HasField("edited_at") and again.text == "Not that good."
    assert rating(reader, movie) == (5.5, 2)
    listed = reader.reviews.ListReviews(movie_id=movie).reviews
    assert list(listed) == [second, again], "newest first, an edited one in its place"
    assert ada.reviews.GetOwnReview(movie_id=movie).review == again
    ada.reviews.DeleteReview(movie_id=movie)
    assert refused(ada.reviews.DeleteReview, movie_id=movie) == NO_REVIEW
    assert refused(ada.reviews.GetOwnReview, movie_id=movie) == NO_REVIEW
    assert rating(reader, movie) == (4, 1)
    assert list(reader.reviews.ListReviews(movie_id=movie).reviews) == [second]
    eve.reviews.DeleteReview(movie_id=movie)
    assert rating(reader, movie) == (0, 0)
    assert refused(ada.put, 1 << 40, 5) == (grpc.StatusCode.NOT_FOUND, "MOVIE_NOT_FOUND")


def test_averages_are_right_when_many_rate_at_once(demo, reader, movie):
    writers = [Writer(demo, str(number)) for number in range(4)]

    def rate(writer, number):
        for round_ in range(6):
            writer.put(movie, 1 + (number * 3 + round_ * 7) % 10)
            if round_ % 3 == 1:
                writer.reviews.DeleteReview(movie_id=movie)

    threads = [threading.Thread(target=rate, args=pair[::-1]) for pair in enumerate(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    last = [1 + (number * 3 + 5 * 7) % 10 for number in range(4)]
    assert rating(reader, movie) == (sum(last) / 4, 4)
    kept = demo.server.sql(
        "select rating_count, rating_total from movie_rating where movie_id = " + str(movie))
    assert kept == [("4", str(sum(last)))]
    for writer in writers:
        writer.door.channel.close()


def test_pages_of_reviews_are_stable(demo, writers, reader, movie):
    expected = [writer.put(movie, 5).review_id for writer in writers]
    assert [review.review_id for review in reader.reviews.all(
        "ListReviews", "reviews", 1, movie_id=movie)] == expected[::-1]
    token = reader.reviews.ListReviews(movie_id=movie, page_size=1).next_page_token
    for wrong in ({"movie_id": movie + 1, "page_token": token},
                  {"movie_id": movie, "page_token": "zz"}):
        assert refusal(reader.reviews.ListReviews, **wrong).reason == "PAGE_TOKEN_INVALID"


def test_a_thread_is_told_in_its_order(writers, reader, movie):
    ada, eve, nameless = writers
    review = ada.put(movie, 5).review_id
    one, two = eve.comment(review, "One"), nameless.comment(review, "Two")
    request_id = new_id()
    reply = ada.comment(review, "To one", one.comment_id, request_id)
    assert ada.comment(review, "To one", one.comment_id, request_id) == reply
    for text, parent in (("To two", one.comment_id), ("To one", two.comment_id), ("To one", 0)):
        again = refused(ada.comment, review, text, parent, request_id)
        assert again == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    later = eve.comment(review, "To one again", one.comment_id)
    three = eve.comment(review, "Three")
    thread = [one, reply, later, two, three]
    for size in (1, 2, 200):
        assert reader.reviews.all("ListComments", "comments", size, review_id=review) == thread
    assert [comment.author_name for comment in thread] == ["Eve", "Ada", "Eve", "", "Eve"]
    assert reader.reviews.ListReviews(movie_id=movie).reviews[0].comment_count == 5
    # A reply to a reply, to another thread's comment, to none.
    other = eve.put(movie, 5).review_id
    for on, parent in ((review, reply.comment_id), (other, one.comment_id), (review, 1 << 40)):
        assert refused(eve.comment, on, "No", parent) == NO_COMMENT
    assert refused(eve.comment, 1 << 40, "No") == NO_REVIEW
    assert refused(reader.reviews.ListComments, review_id=1 << 40) == NO_REVIEW
    assert list(reader.reviews.ListComments(review_id=other).comments) == []
    # Taken back by its author only; its place stays, and what was replied to it.
    assert refused(ada.reviews.DeleteComment, comment_id=one.comment_id) == NO_COMMENT
    eve.reviews.DeleteComment(comment_id=one.comment_id)
    assert refused(eve.reviews.DeleteComment, comment_id=one.comment_id) == NO_COMMENT
    left = reader.reviews.ListComments(review_id=review).comments
    assert (left[0].removed, left[0].text, left[0].author_name) == (True, "", "")
    assert list(left[1:]) == thread[1:]
    token = reader.reviews.ListComments(review_id=review, page_size=1).next_page_token
    assert refusal(
        reader.reviews.ListComments, review_id=other, page_token=token
    ).reason == "PAGE_TOKEN_INVALID"
    ada.reviews.DeleteReview(movie_id=movie)
    assert refused(reader.reviews.ListComments, review_id=review) == NO_REVIEW


def test_a_thread_has_an_end(demo, writers, movie):
    review = writers[0].put(movie, 5).review_id
    writers[1].comment(review, "One")
    demo.server.sql(f"update review set comment_count = 999 where review_id = {review}")
    request_id = new_id()
    last = writers[1].comment(review, "Last", request_id=request_id)
    assert refused(writers[1].comment, review, "Too much") == (
        grpc.StatusCode.FAILED_PRECONDITION, "THREAD_FULL")
    assert writers[1].comment(review, "Last", request_id=request_id) == last


def test_nobody_closes_a_thread_alone(demo, writers, movie):
    review = writers[0].put(movie, 5).review_id
    first = writers[1].comment(review, "One").comment_id
    # What was taken back counts, or it could be done for ever.
    writers[1].reviews.DeleteComment(comment_id=first)
    demo.server.sql(
        "insert into review_comment (review_id, account_id, request_id, text)"
        " select review_id, account_id, gen_random_uuid(), 'More'"
        f" from review_comment, generate_series(1, 99) where comment_id = {first}")
    assert refused(writers[1].comment, review, "Too much") == (
        grpc.StatusCode.FAILED_PRECONDITION, "THREAD_FULL")
    assert writers[2].comment(review, "I may").text == "I may"


def test_operators_hide_and_restore(demo, keeper, writers, reader, movie):
    ada, eve, other = writers
    review = ada.put(movie, 1, "Buy my soap").review_id
    eve.put(movie, 9)
    comment = ada.comment(review, "Soap!")
    for writer, objection in ((eve, SPAM), (other, ABUSE), (eve, ABUSE)):
        writer.reviews.ReportContent(review_id=review, objection=objection)
    eve.reviews.ReportContent(comment_id=comment.comment_id, objection=SPAM)
    reports = list(keeper.ListReports(page_size=200).reports)
    mine = [report for report in reports
            if report.review.review_id == review or report.comment.review_id == review]
    assert [report.WhichOneof("content") for report in mine] == ["review", "comment"]
    assert (mine[0].report_count, list(mine[0].objections)) == (2, [ABUSE])
    assert mine[0].review.text == "Buy my soap" and mine[1].comment.text == "Soap!"

    keeper.ModerateContent(comment_id=comment.comment_id, hidden=True, objection=SPAM)
    assert reader.reviews.ListComments(review_id=review).comments[0].removed
    keeper.ModerateContent(review_id=review, hidden=True, objection=SPAM)
    keeper.ModerateContent(review_id=review, hidden=True, objection=SPAM)
    assert rating(reader, movie) == (9, 1), "a hidden rating does not count"
    assert review not in [r.review_id for r in reader.reviews.ListReviews(movie_id=movie).reviews]
    assert refused(reader.reviews.ListComments, review_id=review) == NO_REVIEW
    assert refused(eve.comment, review, "Soap?") == NO_REVIEW
    assert refused(eve.reviews.ReportContent, review_id=review, objection=SPAM) == NO_REVIEW
    assert ada.reviews.GetOwnReview(movie_id=movie).review.hidden
    assert ada.put(movie, 10, "No soap").hidden, "writing anew does not bring it back"
    ada.reviews.DeleteReview(movie_id=movie)
    taken_back = ada.reviews.GetOwnReview(movie_id=movie).review
    assert (taken_back.hidden, taken_back.text) == (True, ""), "its words are gone"
    assert ada.put(movie, 10, "No soap").hidden, "nor does taking it back before"
    assert rating(reader, movie) == (9, 1)
    left = [report for report in keeper.ListReports(page_size=200).reports
            if review in (report.review.review_id, report.comment.review_id)]
    assert left == [], "they are settled"

    keeper.ModerateContent(review_id=review, hidden=False)
    keeper.ModerateContent(comment_id=comment.comment_id, hidden=False)
    assert rating(reader, movie) == (9.5, 2)
    assert list(reader.reviews.ListComments(review_id=review).comments) == [comment]
    acts = [(act.action, json.loads(act.detail))
            for act in keeper.house.ListAuditEntries(page_size=30).entries
            if json.loads(act.detail).get("review_id") == review
            or json.loads(act.detail).get("comment_id") == comment.comment_id]
    assert [action for action, _ in acts] == [
        "RESTORE_COMMENT", "RESTORE_REVIEW", "HIDE_REVIEW", "HIDE_COMMENT"]
    assert acts[2][1] == {"review_id": review, "objection": SPAM}
    for missing, expected in (({"review_id": 1 << 40}, NO_REVIEW),
                              ({"comment_id": 1 << 40}, NO_COMMENT)):
        assert refused(keeper.ModerateContent, hidden=False, **missing) == expected


def test_who_leaves_is_named_no_more(demo, writers, reader, movie):
    ada, eve = Writer(demo, "Ada"), writers[1]
    review = ada.put(movie, 8, "Mine").review_id
    eve.put(movie, 7)
    comment = ada.comment(review, "Mine too")
    assert reader.reviews.ListReviews(movie_id=movie).reviews[1].author_name == "Ada"
    ada.call("CloseAccount", password=PASSWORD)

    def gone():
        names = [r.author_name for r in reader.reviews.ListReviews(movie_id=movie).reviews]
        return names == ["Eve", ""]

    wait_until(gone, 20, "the name's end")
    left = reader.reviews.ListComments(review_id=review).comments[0]
    assert (left.comment_id, left.author_name, left.text) == (comment.comment_id, "", "Mine too")
    assert rating(reader, movie) == (7.5, 2)
    ada.door.channel.close()


def test_reports_that_are_dismissed_are_on_record(keeper, writers, movie):
    ada, eve, third = writers
    review = ada.put(movie, 8, "Rude?").review_id
    comment = eve.comment(review, "Rude!").comment_id
    for reader in (eve, third):
        reader.reviews.ReportContent(review_id=review, objection=ABUSE)
    ada.reviews.ReportContent(comment_id=comment, objection=ABUSE)
    for _ in range(2):
        keeper.ModerateContent(review_id=review, hidden=False)
        keeper.ModerateContent(comment_id=comment, hidden=False)
    acts = [(act.action, json.loads(act.detail)) for act in keeper.house.ListAuditEntries(
        page_size=10).entries]
    assert [act for act in acts if act[0].startswith("KEEP_")][:2] == [
        ("KEEP_COMMENT", {"comment_id": comment, "hidden": False, "reports": 1}),
        ("KEEP_REVIEW", {"review_id": review, "hidden": False, "reports": 2})]
    kept = [act for act in acts if act[0] == "KEEP_REVIEW" and act[1]["review_id"] == review]
    assert len(kept) == 1, "there was nothing left"


def test_who_is_blocked_says_nothing(demo, keeper, movie):
    ada = Writer(demo, "Ada")
    review = ada.put(movie, 8).review_id
    keeper.house.SetAccountState(
        account_id=ada.id, state=account_pb2.ACCOUNT_STATE_BLOCKED)
    for call in (lambda: ada.put(movie, 1), lambda: ada.comment(review, "No"),
                 lambda: ada.reviews.ReportContent(review_id=review, objection=SPAM)):
        assert refused(call) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
    ada.door.channel.close()


def test_each_field_of_a_review_has_bounds(keeper, writers, movie):
    # Of two accounts: each may make twenty calls a second.
    ada, eve, _ = writers
    review = ada.put(movie, 8).review_id
    request_id = new_id()
    good = {"review_id": review, "text": "x", "request_id": request_id}
    for call, wish, field in [
        (ada.reviews.PutReview, {"movie_id": movie}, "rating"),
        (ada.reviews.PutReview, {"movie_id": movie, "rating": 11}, "rating"),
        (ada.reviews.PutReview, {"movie_id": movie, "rating": 1, "text": "x" * 4001}, "text"),
        (ada.reviews.PutReview, {"movie_id": movie, "rating": 1, "text": "\0"}, "text"),
        (ada.reviews.ListReviews, {"movie_id": movie, "page_size": -1}, "page_size"),
        (ada.reviews.ListComments, {"review_id": review, "page_size": -1}, "page_size"),
        (eve.reviews.AddComment, good | {"text": ""}, "text"),
        (eve.reviews.AddComment, good | {"text": " \n "}, "text"),
        (eve.reviews.AddComment, good | {"text": "x" * 1001}, "text"),
        (eve.reviews.AddComment, good | {"text": "\x1b[2J"}, "text"),
        (eve.reviews.AddComment, good | {"request_id": "7"}, "request_id"),
        (eve.reviews.AddComment, good | {"parent_comment_id": -1}, "parent_comment_id"),
        (ada.reviews.ReportContent, {"objection": SPAM}, "content"),
        (ada.reviews.ReportContent, {"review_id": review}, "objection"),
        (ada.reviews.ReportContent, {"review_id": review, "objection": 6}, "objection"),
        (keeper.ModerateContent, {"hidden": False}, "content"),
        (keeper.ModerateContent, {"review_id": review, "hidden": True}, "objection"),
        (keeper.ModerateContent, {"review_id": review, "objection": SPAM}, "objection"),
        (keeper.ListReports, {"page_size": -1}, "page_size"),
    ]:
        found = refusal(call, **wish)
        assert (found.reason, found.fields) == ("INVALID_FIELDS", [field]), wish
    # Whole characters count, not bytes.
    assert ada.put(movie, 10, "é" * 4000).text == "é" * 4000
    assert eve.comment(review, "é" * 1000).text == "é" * 1000


def test_another_node_hears_of_it(demo, own_folder, certificate, writers, reader, movie):
    """The other node answers from memory, and still sees each rating."""
    files = {"certificate": certificate[0], "key": certificate[1]}
    with Serving(demo, own_folder / "second", **files) as second:
        with Partner(second.tcp, certificate[0].read_bytes(), demo.partner_key) as other:
            wait_ready(other)
            for number in (3, 8):
                writers[0].put(movie, number)
                wait_until(lambda: rating(other, movie) == (number, 1), 20, "the rating")


def test_the_command_line_reviews_and_moderates(demo, writers, movie, tmp_path):
    cli, operator, reader = (CommandLine(demo, tmp_path) for _ in range(3))
    cli.environment["USHER_TOKEN"] = writers[0].tokens.access_token
    operator.environment["USHER_TOKEN"] = demo.other_key
    (put,) = cli.json("review", "put", movie, 8, "--text", "Fine\nfilm")
    review = put["review"]["reviewId"]
    assert "8 of 10" in cli.run("review", "own", movie)[0]
    (said,) = cli.json("review", "comment", review, "I mean it")
    comment = said["comment"]["commentId"]
    cli.run("review", "comment", review, "Really", "--reply", comment)
    assert [one["text"] for one in reader.json("review", "thread", review)] == [
        "I mean it", "Really"]
    assert "Fine film" in "\n".join(reader.run("review", "list", movie))
    cli.run("review", "report", "--review", review, "spoiler")
    cli.run("review", "report", "--comment", comment, "--review", review, "spam", code=64)
    reports = operator.run("admin", "reports", "--limit", 0)
    assert any(line.split()[:2] == ["review", review] for line in reports)
    operator.run("admin", "moderate", "--review", review, "--hide", "spoiler")
    assert reader.json("review", "list", movie) == []
    assert "hidden by an operator" in cli.run("review", "own", movie)[0]
    operator.run("admin", "moderate", "--review", review)
    cli.run("review", "uncomment", comment)
    assert "(removed)" in "\n".join(reader.run("review", "thread", review))
    cli.run("review", "delete", movie)
    assert "usher review list" in "\n".join(cli.start("review", "own", movie).errors(5))
    reader.run("review", "put", movie, 8, code=4)
