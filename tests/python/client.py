"""A client in another language: generated from the contracts, as a user in Python would do it.

Usage: client.py ADDRESS PROTO_FOLDER   (ADDRESS is HOST:PORT)

Sends events, reads outcomes and error details, streams, and asks metrics. Prints how many checks held.
"""

import datetime
import decimal
import queue
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import grpc
import grpc_tools
from google.protobuf import json_format
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from grpc_tools import protoc

TENANT = (("x-scoreline-tenant", "default"),)
checks = 0


def check(held, what):
    """Counts a check, and fails with what did not hold."""
    global checks
    checks += 1
    if not held:
        sys.exit(f"check {checks} does not hold: {what}")


def same(actual, expected, what):
    check(actual == expected, f"{what}: expected {expected!r}, got {actual!r}")


def generate(protos, folder):
    """Generates messages and stubs for all contracts."""
    files = sorted(str(path.relative_to(protos)) for path in protos.rglob("*.proto"))
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{protos}", f"-I{well_known}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    if protoc.main(arguments + files) != 0:
        sys.exit("the contracts can't be generated")
    sys.path.insert(0, str(folder))


class Api:
    """The generated modules, and stubs on one channel."""

    def __init__(self, channel):
        load = import_module
        self.events = load("scoreline.events.v1.event_pb2")
        self.ingestion = load("scoreline.ingestion.v1.ingestion_service_pb2")
        self.metrics = load("scoreline.analytics.v1.metrics_service_pb2")
        self.query = load("scoreline.analytics.v1.query_pb2")
        self.answer = load("scoreline.analytics.v1.answer_pb2")
        self.ingest = load("scoreline.ingestion.v1.ingestion_service_pb2_grpc").IngestionServiceStub(channel)
        self.ask = load("scoreline.analytics.v1.metrics_service_pb2_grpc").MetricsServiceStub(channel)

    def event(self, event_id, occurred_at, **payload):
        """An event from plain dictionaries, by way of its canonical JSON."""
        fields = {"eventId": event_id, "source": "python", "occurredAt": occurred_at, **payload}
        return json_format.ParseDict(fields, self.events.Event())

    def send(self, *events, **options):
        request = self.ingestion.IngestEventsRequest(events=events, **options)
        return self.ingest.IngestEvents(request, metadata=TENANT, timeout=10)


def deals(api):
    """Three deals of ann (two won in January, one lost in February) and one of bob, still open."""
    euros = {"currencyCode": "EUR", "units": "1000"}
    for number, rep in (("1", "ann"), ("2", "ann"), ("3", "ann"), ("4", "bob")):
        opened = {"opportunityId": f"py-o{number}", "ownerId": rep, "amount": euros}
        yield api.event(f"py-opened-{number}", "2025-01-02T09:00:00Z", opportunityOpened=opened)
    for number in ("1", "2"):
        yield api.event(f"py-won-{number}", f"2025-01-1{number}T09:00:00Z", opportunityWon={"opportunityId": f"py-o{number}"})
    yield api.event("py-lost-3", "2025-02-10T09:00:00Z", opportunityLost={"opportunityId": "py-o3"})


def outcomes(api, answer):
    name = api.ingestion.EventOutcome.Name
    return [name(result.outcome).removeprefix("EVENT_OUTCOME_") for result in answer.results]


def ingests(api):
    events = list(deals(api))
    dry = api.send(*events, validate_only=True)
    same((dry.accepted_count, dry.commit), (7, 0), "a trial stores nothing")
    first = api.send(*events)
    same(first.accepted_count, 7, "all events are accepted")
    check(first.commit > 0, "a commit is named")
    again = api.send(*events)
    same((again.accepted_count, again.duplicate_count), (0, 7), "a repeat adds nothing")
    other = api.event("py-won-1", "2025-01-20T09:00:00Z", opportunityWon={"opportunityId": "py-o1"})
    bad = api.event("py-bad", "2025-01-20T09:00:00Z", opportunityOpened={"ownerId": "ann"})
    good = api.event("py-lead", "2025-01-20T09:00:00Z", leadCreated={"leadId": "py-l1", "ownerId": "ann"})
    mixed = api.send(other, bad, good)
    same(outcomes(api, mixed), ["CONFLICT", "REJECTED", "ACCEPTED"], "each event has its own outcome")
    violation = mixed.results[1].violations[0]
    same(violation.field, "payload.opportunity_opened.opportunity_id", "the field is named")
    same(violation.reason, "REQUIRED", "the reason is named")
    whole = api.send(bad, api.event("py-kept-out", "2025-01-20T09:00:00Z", leadCreated={"leadId": "x"}), all_or_nothing=True)
    same(outcomes(api, whole), ["REJECTED", "REJECTED"], "all or nothing")
    same(whole.results[1].violations[0].reason, "NOT_STORED", "the neighbour is told why")
    return mixed.commit


def details(error):
    """The reason, its metadata and the wrong fields of a refused call."""
    status = rpc_status.from_call(error)
    check(status is not None, "a refused call has details")
    found = {}
    for detail in status.details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RequestInfo):
            if detail.Is(kind.DESCRIPTOR):
                message = kind()
                detail.Unpack(message)
                found[kind.DESCRIPTOR.name] = message
    return found


def refused(call):
    try:
        call()
    except grpc.RpcError as error:
        return error
    sys.exit("a call that must be refused is answered")


def reads_errors(api):
    one = api.event("py-many", "2025-01-20T09:00:00Z", leadCreated={"leadId": "x"})
    error = refused(lambda: api.send(*[one] * 1001))
    same(error.code(), grpc.StatusCode.INVALID_ARGUMENT, "too many events")
    found = details(error)
    info = found["ErrorInfo"]
    same((info.reason, info.domain), ("TOO_MANY_EVENTS", "scoreline.dev"), "the reason of the refusal")
    same(info.metadata["limit"], "1000", "the limit")
    same(found["BadRequest"].field_violations[0].field, "events", "the field of the refusal")
    check(found["RequestInfo"].request_id != "", "the id of the request")
    error = refused(lambda: ask(api, ["happiness"]))
    same(error.code(), grpc.StatusCode.INVALID_ARGUMENT, "an unknown metric")
    same(details(error)["BadRequest"].field_violations[0].field, "metrics[0].metric_id", "the field of the query")


def streams(api):
    """Two batches, each acknowledged in its turn."""
    messages = queue.SimpleQueue()
    answers = api.ingest.StreamEvents(iter(messages.get, None), metadata=TENANT, timeout=20)
    request, batch = api.ingestion.StreamEventsRequest, api.ingestion.StreamBatch
    messages.put(request(open=api.ingestion.StreamOpen(producer_id="python")))
    opened = next(answers).opened
    check(opened.max_in_flight_batches >= 1 and opened.max_batch_events == 1000, "the window is announced")
    lead = lambda n: api.event(f"py-stream-{n}", "2025-03-01T09:00:00Z", leadCreated={"leadId": f"py-s{n}"})
    messages.put(request(batch=batch(offset=0, events=[lead(1), lead(2)])))
    messages.put(request(batch=batch(offset=2, events=[lead(2), lead(3)])))
    first, second = next(answers).ack, next(answers).ack
    same((first.offset, first.next_offset, first.accepted_count), (0, 2, 2), "the first batch")
    same((second.next_offset, second.accepted_count, second.duplicate_count), (4, 1, 1), "the second batch")
    same([result.index for result in second.results], [0], "the duplicate is told")
    messages.put(request(batch=batch(offset=99, events=[lead(4)])))
    error = refused(lambda: next(answers))
    same(error.code(), grpc.StatusCode.OUT_OF_RANGE, "a gap ends the stream")
    same(details(error)["ErrorInfo"].metadata["expected"], "4", "the expected offset")
    messages.put(None)
    return second.commit


def query(api, metrics, by=(), grain=0, commit=0, year=2025, layout=0):
    request = api.metrics.QueryMetricsRequest(dimensions=by, grain=grain, at_least_commit=commit, layout=layout)
    for metric in metrics:
        request.metrics.add(metric_id=metric)
    request.range.start.CopyFrom(type(request.range.start)(year=year, month=1, day=1))
    request.range.end.CopyFrom(type(request.range.end)(year=year, month=4, day=1))
    return request


def ask(api, metrics, **how):
    return api.ask.QueryMetrics(query(api, metrics, **how), metadata=TENANT, timeout=10)


def asks(api, commit):
    months = ask(api, ["win_rate"], by=["rep"], grain=api.query.GRAIN_MONTH, commit=commit)
    check(months.watermark.commit >= commit, "the answer includes what was acknowledged")
    cells = {(row.bucket.label, row.dimensions[0].value): row.cells[0] for row in months.rows}
    january = cells["2025-01", "ann"]
    same((january.value.decimal, january.numerator, january.denominator, january.n), ("1", "2", "2", 2), "ann's January")
    check(january.interval.low < 1 and january.interval.method == "wilson", "a rate has an interval")
    same(cells["2025-02", "ann"].value.decimal, "0", "ann's February")
    asks_by_columns(api, commit)
    asks_together(api, commit)
    total = ask(api, ["win_rate", "leads_generated"], commit=commit).rows[0].cells
    same(total[0].value.decimal, "0.666666666667", "two of three are won")
    same(total[1].value.decimal, "4", "leads of calls and streams")
    nothing = ask(api, ["win_rate"], year=2020).rows[0].cells[0]
    same(nothing.WhichOneof("result"), "undefined", "a rate of nothing is no number")
    same(nothing.undefined.reason, api.answer.UNDEFINED_REASON_ZERO_DENOMINATOR, "and says why")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    made = months.watermark.commit_time.ToDatetime().date()
    check(abs((today - made).days) <= 1, "times are times")


def asks_by_columns(api, commit):
    """The same by lists that have an element for each row."""
    columns = api.query.LAYOUT_COLUMNS
    answer = ask(api, ["win_rate"], by=["rep"], grain=api.query.GRAIN_MONTH, commit=commit, layout=columns)
    same(len(answer.rows), 0, "there are no rows beside the columns")
    table = answer.columnar_rows
    reps, cells = table.dimensions[0], table.cells[0]
    months = [table.buckets[index].label for index in table.bucket_indexes]
    keys = list(zip(months, (reps.values[index] for index in reps.value_indexes)))
    same(len(keys), table.row_count, "each row has a month and a rep")
    values = cells.results.values
    exact = {key: decimal.Decimal(scaled).scaleb(-values.places) for key, scaled in zip(keys, values.scaled)}
    for row in values.absent_rows:
        del exact[keys[row]]
    same((exact["2025-01", "ann"], exact["2025-02", "ann"]), (1, 0), "ann's months by columns")
    check(("2025-03", "ann") not in exact, "a rate of nothing is absent")
    why = {cells.results.reasons[index].reason for index in cells.results.reason_indexes}
    same(why, {api.answer.UNDEFINED_REASON_ZERO_DENOMINATOR}, "and says why by columns")
    same(cells.n[keys.index(("2025-01", "ann"))], 2, "samples by columns")


def asks_together(api, commit):
    """A dashboard in one call, of one state of knowledge."""
    rate, leads = query(api, ["win_rate"], by=["rep"]), query(api, ["leads_generated"], commit=commit)
    request = api.metrics.BatchQueryMetricsRequest(queries=[rate, leads])
    answers = api.ask.BatchQueryMetrics(request, metadata=TENANT, timeout=10).answers
    same(len(answers), 2, "an answer to each query")
    same(answers[0].watermark, answers[1].watermark, "of one commit")
    check(answers[0].watermark.commit >= commit, "which includes what any of them wants")
    same(answers[1].rows[0].cells[0].value.decimal, "4", "leads beside rates")
    request.queries[1].metrics[0].metric_id = "no_such"
    error = refused(lambda: api.ask.BatchQueryMetrics(request, metadata=TENANT, timeout=10))
    fields = [violation.field for violation in details(error)["BadRequest"].field_violations]
    same(fields, ["queries[1].metrics[0].metric_id"], "the query that is wrong is named")


def main():
    address, protos = sys.argv[1], Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as folder, grpc.insecure_channel(address) as channel:
        generate(protos, Path(folder))
        api = Api(channel)
        commit = ingests(api)
        reads_errors(api)
        asks(api, max(commit, streams(api)))
    print(f"ok {checks} checks")


if __name__ == "__main__":
    main()
