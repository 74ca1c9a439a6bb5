//! Questions and metrics that mean nothing.

use scoreline_proto::{
    analytics::v1::{
        Comparison, CreateMetricRequest, CurrencyConversion, DeleteMetricRequest, ExportEventsRequest, Filter,
        GetMetricRequest, KnownAt, ListContributionsRequest, ListMetricsRequest, Metric, MetricSelection, OrderBy,
        QueryMetricsRequest, comparison::With, known_at::Point, order_by::By,
    },
    types::v1::{Date, DateRange},
};
use tonic::Code;

use super::{Complaints, Refusal, Target};

fn day(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

fn range(start: Option<Date>, end: Option<Date>) -> Option<DateRange> {
    Some(DateRange { start, end })
}

fn selection(metric: &str, parameters: &[(&str, &str)]) -> MetricSelection {
    let parameters = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    MetricSelection {
        metric_id: metric.to_owned(),
        parameters,
    }
}

/// A question that has an answer.
fn good() -> QueryMetricsRequest {
    QueryMetricsRequest {
        metrics: vec![selection("revenue", &[])],
        range: range(day(2024, 1, 1), day(2025, 1, 1)),
        ..QueryMetricsRequest::default()
    }
}

fn about(metric: &str, parameters: &[(&str, &str)]) -> QueryMetricsRequest {
    QueryMetricsRequest {
        metrics: vec![selection(metric, parameters)],
        ..good()
    }
}

fn of(start: Option<Date>, end: Option<Date>) -> QueryMetricsRequest {
    QueryMetricsRequest {
        range: range(start, end),
        ..good()
    }
}

fn by(dimensions: &[&str]) -> QueryMetricsRequest {
    QueryMetricsRequest {
        dimensions: dimensions.iter().map(|name| (*name).to_owned()).collect(),
        ..good()
    }
}

fn filtered(dimension: &str, values: &[&str]) -> QueryMetricsRequest {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    QueryMetricsRequest {
        filters: vec![Filter {
            dimension: dimension.to_owned(),
            values,
            exclude: false,
        }],
        ..good()
    }
}

fn known(point: Point) -> QueryMetricsRequest {
    QueryMetricsRequest {
        known_at: Some(KnownAt { point: Some(point) }),
        ..good()
    }
}

fn compared(with: Option<With>) -> QueryMetricsRequest {
    QueryMetricsRequest {
        comparison: Some(Comparison { with }),
        ..good()
    }
}

fn paged(page_token: &str, page_size: i32) -> QueryMetricsRequest {
    QueryMetricsRequest {
        page_token: page_token.to_owned(),
        page_size,
        ..good()
    }
}

fn converted(code: &str, mode: i32) -> QueryMetricsRequest {
    let conversion = CurrencyConversion {
        currency_code: code.to_owned(),
        mode,
        fixed_date: None,
    };
    QueryMetricsRequest {
        currency_conversion: Some(conversion),
        ..good()
    }
}

/// What is wrong, the question, the reason, and the field.
type Row = (&'static str, QueryMetricsRequest, &'static str, &'static str);

fn selections() -> Vec<Row> {
    let none = QueryMetricsRequest {
        metrics: Vec::new(),
        ..good()
    };
    let many = QueryMetricsRequest {
        metrics: vec![selection("revenue", &[]); 51],
        ..good()
    };
    let lots = QueryMetricsRequest {
        metrics: vec![selection("revenue", &[]); 10_000],
        ..good()
    };
    let own = "metrics[0].metric_id";
    vec![
        ("no metrics", none, "TOO_FEW", "metrics"),
        ("51 metrics", many, "TOO_MANY", "metrics"),
        ("10 000 metrics", lots, "TOO_MANY", "metrics"),
        ("an empty metric", about("", &[]), "REQUIRED", own),
        ("an unknown metric", about("happiness", &[]), "UNKNOWN_VALUE", own),
        (
            "a metric of 1 MB",
            about(&"m".repeat(1_000_000), &[]),
            "UNKNOWN_VALUE",
            own,
        ),
        ("SQL", about("'; DROP TABLE events; --", &[]), "UNKNOWN_VALUE", own),
        (
            "an unknown parameter",
            about("win_rate", &[("mood", "good")]),
            "PARAMETER_INVALID",
            "metrics.parameters[mood]",
        ),
        (
            "an unknown choice",
            about("customer_lifetime_value", &[("method", "moon")]),
            "PARAMETER_INVALID",
            "metrics.parameters[method]",
        ),
        (
            "no number",
            about("lead_conversion_rate", &[("window", "NaN")]),
            "PARAMETER_INVALID",
            "metrics.parameters[window]",
        ),
        (
            "a huge number",
            about("lead_conversion_rate", &[("window", "99999999999999999999")]),
            "PARAMETER_INVALID",
            "metrics.parameters[window]",
        ),
        (
            "a negative number",
            about("lead_conversion_rate", &[("window", "-1")]),
            "PARAMETER_INVALID",
            "metrics.parameters[window]",
        ),
    ]
}

fn ranges() -> Vec<Row> {
    let hours = QueryMetricsRequest {
        grain: 2,
        range: range(day(1970, 1, 1), day(2200, 1, 1)),
        ..good()
    };
    let days = QueryMetricsRequest {
        grain: 3,
        range: range(day(1970, 1, 1), day(2200, 1, 1)),
        ..good()
    };
    vec![
        (
            "no range",
            QueryMetricsRequest { range: None, ..good() },
            "REQUIRED",
            "range",
        ),
        ("no start", of(None, day(2024, 1, 1)), "REQUIRED", "range.start"),
        ("no end", of(day(2024, 1, 1), None), "REQUIRED", "range.end"),
        (
            "no days",
            of(day(2024, 1, 1), day(2024, 1, 1)),
            "EMPTY_RANGE",
            "range.end",
        ),
        (
            "backwards",
            of(day(2024, 2, 1), day(2024, 1, 1)),
            "EMPTY_RANGE",
            "range.end",
        ),
        (
            "no date",
            of(day(2024, 2, 30), day(2024, 3, 1)),
            "NOT_A_DATE",
            "range.start",
        ),
        (
            "zero dates",
            of(day(0, 0, 0), day(0, 0, 0)),
            "NOT_A_DATE",
            "range.start",
        ),
        (
            "the greatest date",
            of(day(2024, 1, 1), day(i32::MAX, 12, 31)),
            "NOT_A_DATE",
            "range.end",
        ),
        (
            "the least date",
            of(day(i32::MIN, 1, 1), day(2024, 1, 1)),
            "NOT_A_DATE",
            "range.start",
        ),
        ("hours of 230 years", hours, "TOO_MANY_BUCKETS", "grain"),
        ("days of 230 years", days, "TOO_MANY_BUCKETS", "grain"),
        (
            "an unknown grain",
            QueryMetricsRequest { grain: 99, ..good() },
            "UNKNOWN_VALUE",
            "grain",
        ),
        (
            "an unknown basis",
            QueryMetricsRequest { basis: -1, ..good() },
            "UNKNOWN_VALUE",
            "basis",
        ),
        (
            "an unknown attribution",
            QueryMetricsRequest {
                attribution: 9,
                ..good()
            },
            "UNKNOWN_VALUE",
            "attribution",
        ),
        (
            "an unknown zone",
            QueryMetricsRequest {
                time_zone: "Mars/Olympus".to_owned(),
                ..good()
            },
            "UNKNOWN_VALUE",
            "time_zone",
        ),
        (
            "a path as zone",
            QueryMetricsRequest {
                time_zone: "../../etc/passwd".to_owned(),
                ..good()
            },
            "UNKNOWN_VALUE",
            "time_zone",
        ),
        (
            "a negative commit",
            QueryMetricsRequest {
                at_least_commit: -1,
                ..good()
            },
            "OUT_OF_RANGE",
            "at_least_commit",
        ),
        (
            "known at a negative commit",
            known(Point::Commit(i64::MIN)),
            "OUT_OF_RANGE",
            "known_at.commit",
        ),
        (
            "known at the end of time",
            known(Point::Instant(prost_reflect::prost_types::Timestamp {
                seconds: i64::MAX,
                nanos: 0,
            })),
            "OUT_OF_RANGE",
            "known_at.instant",
        ),
        ("a comparison with nothing", compared(None), "REQUIRED", "comparison"),
        (
            "a comparison with NaN",
            compared(Some(With::Benchmark("NaN".to_owned()))),
            "NOT_A_DECIMAL",
            "comparison.benchmark",
        ),
        (
            "a comparison with much",
            compared(Some(With::Benchmark("9".repeat(50)))),
            "OUT_OF_RANGE",
            "comparison.benchmark",
        ),
        (
            "a comparison with no days",
            compared(Some(With::Period(DateRange::default()))),
            "REQUIRED",
            "comparison.period.start",
        ),
        (
            "an unknown currency",
            converted("ZZZ", 0),
            "UNKNOWN_CURRENCY",
            "currency_conversion.currency_code",
        ),
        (
            "an unknown mode",
            converted("EUR", 9),
            "UNKNOWN_VALUE",
            "currency_conversion.mode",
        ),
        (
            "a fixed date without one",
            converted("EUR", 3),
            "REQUIRED",
            "currency_conversion.fixed_date",
        ),
    ]
}

fn shapes() -> Vec<Row> {
    let nine = [
        "rep",
        "team",
        "region",
        "territory",
        "product",
        "account",
        "campaign",
        "channel",
        "lead_source",
    ];
    let ordered = |by| QueryMetricsRequest {
        order_by: vec![OrderBy { by, descending: true }],
        ..good()
    };
    let filters = QueryMetricsRequest {
        filters: vec![Filter::default(); 33],
        ..good()
    };
    let values = vec!["v"; 1_001];
    vec![
        (
            "an unknown dimension",
            by(&["colour"]),
            "UNKNOWN_VALUE",
            "dimensions[0]",
        ),
        (
            "an undeclared attribute",
            by(&["attribute.colour"]),
            "NOT_DECLARED",
            "dimensions[0]",
        ),
        ("an empty dimension", by(&[""]), "UNKNOWN_VALUE", "dimensions[0]"),
        ("a dimension twice", by(&["rep", "rep"]), "REPEATED", "dimensions[1]"),
        ("nine dimensions", by(&nine), "TOO_MANY", "dimensions"),
        ("33 filters", filters, "TOO_MANY", "filters"),
        (
            "a filter of nothing",
            filtered("rep", &[]),
            "TOO_FEW",
            "filters[0].values",
        ),
        (
            "a filter of 1 001",
            filtered("rep", &values),
            "TOO_MANY",
            "filters[0].values",
        ),
        (
            "a filter by an unknown dimension",
            filtered("colour", &["red"]),
            "UNKNOWN_VALUE",
            "filters[0].dimension",
        ),
        (
            "a filter for a control character",
            filtered("rep", &["a\u{7}"]),
            "CONTROL_CHARACTER",
            "filters[0].values[0]",
        ),
        ("an order by nothing", ordered(None), "REQUIRED", "order_by[0]"),
        (
            "an order by a stranger",
            ordered(Some(By::MetricId("win_rate".to_owned()))),
            "UNKNOWN_VALUE",
            "order_by[0]",
        ),
        (
            "a negative limit",
            QueryMetricsRequest {
                limit: i32::MIN,
                ..good()
            },
            "OUT_OF_RANGE",
            "limit",
        ),
        (
            "a negative sample",
            QueryMetricsRequest {
                min_sample: -1,
                ..good()
            },
            "OUT_OF_RANGE",
            "min_sample",
        ),
        ("a negative page", paged("", -1), "OUT_OF_RANGE", "page_size"),
        (
            "a page token of garbage",
            paged("garbage", 0),
            "PAGE_TOKEN_INVALID",
            "page_token",
        ),
        (
            "a page token of zeroes",
            paged(&"0".repeat(64), 0),
            "PAGE_TOKEN_INVALID",
            "page_token",
        ),
        (
            "a page token of letters",
            paged(&"ä".repeat(500), 0),
            "PAGE_TOKEN_INVALID",
            "page_token",
        ),
        (
            "a page token of 1 MB",
            paged(&"ab".repeat(500_000), 0),
            "PAGE_TOKEN_INVALID",
            "page_token",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_senseless_question_is_refused_with_its_field() -> anyhow::Result<()> {
    let mut target = Target::start().await?;
    let mut complaints = Complaints::default();
    for (what, question, reason, field) in [selections(), ranges(), shapes()].into_iter().flatten() {
        let answer = target.clients.metrics.query_metrics(question).await;
        complaints.expect(what, answer, &Refusal::field(reason, field));
    }
    for (what, question) in [
        (
            "a huge limit",
            QueryMetricsRequest {
                limit: i32::MAX,
                ..good()
            },
        ),
        ("a huge page", paged("", i32::MAX)),
        (
            "a huge sample",
            QueryMetricsRequest {
                min_sample: i32::MAX,
                ..good()
            },
        ),
        ("230 years", of(day(1970, 1, 1), day(2200, 1, 1))),
    ] {
        complaints.welcome(what, target.clients.metrics.query_metrics(question).await);
    }
    complaints.done(58);
    target.still_serves().await
}

fn metric(metric_id: &str, expression: &str) -> CreateMetricRequest {
    let metric = Metric {
        metric_id: metric_id.to_owned(),
        expression: expression.to_owned(),
        title: "Title".to_owned(),
        ..Metric::default()
    };
    CreateMetricRequest {
        metric: Some(metric),
        validate_only: false,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_senseless_metric_is_refused() -> anyhow::Result<()> {
    let mut target = Target::start().await?;
    let mut complaints = Complaints::default();
    let deep = format!("{}count(won){}", "(".repeat(100_000), ")".repeat(100_000));
    let long = vec!["count(won)"; 50_000].join(" + ");
    let senseless = [
        "",
        "count(",
        "count(happiness)",
        "1 / 0 /",
        "ratio(count(won))",
        "explode(count(won))",
        "\0",
        "💥",
        "count(won) + sum(revenue)",
        "99999999999999999999999999999999999999999999",
        "$nothing",
        deep.as_str(),
        long.as_str(),
    ];
    for expression in senseless {
        let answer = target
            .clients
            .metrics
            .create_metric(metric("own_metric", expression))
            .await;
        complaints.checked += 1;
        let told = answer.as_ref().map_err(Refusal::of);
        let is_right = matches!(&told, Err(told) if told.code == Code::InvalidArgument
            && !told.reason.is_empty() && told.field == "metric.expression");
        if !is_right {
            complaints.found.push(format!("{expression:.40}: {told:.300?}"));
        }
    }
    for id in ["", "Own", "own metric", "1st", &"o".repeat(129), "own\n"] {
        let answer = target.clients.metrics.create_metric(metric(id, "count(won)")).await;
        complaints.checked += 1;
        let told = answer.as_ref().map_err(Refusal::of);
        if !matches!(&told, Err(told) if told.code == Code::InvalidArgument && told.field == "metric.metric_id") {
            complaints.found.push(format!("id {id:.40?}: {told:.300?}"));
        }
    }
    let nothing = CreateMetricRequest::default();
    complaints.expect(
        "no metric",
        target.clients.metrics.create_metric(nothing).await,
        &Refusal::field("REQUIRED", "metric"),
    );
    let taken = target
        .clients
        .metrics
        .create_metric(metric("win_rate", "count(won)"))
        .await;
    complaints.expect(
        "a taken id",
        taken,
        &Refusal::whole(Code::AlreadyExists, "METRIC_EXISTS"),
    );
    complaints.done(20);
    target.still_serves().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_questions_are_refused_too() -> anyhow::Result<()> {
    let mut target = Target::start().await?;
    let mut complaints = Complaints::default();
    let clients = &mut target.clients;
    let unknown = Refusal::whole(Code::NotFound, "METRIC_UNKNOWN");
    let metric_id = "x".repeat(1_000_000);
    complaints.expect(
        "get",
        clients.metrics.get_metric(GetMetricRequest { metric_id }).await,
        &unknown,
    );
    let gone = DeleteMetricRequest {
        metric_id: "nothing".to_owned(),
        etag: String::new(),
    };
    complaints.expect("delete", clients.metrics.delete_metric(gone).await, &unknown);
    let page = ListMetricsRequest {
        page_size: i32::MIN,
        page_token: String::new(),
    };
    complaints.expect(
        "list",
        clients.metrics.list_metrics(page).await,
        &Refusal::field("OUT_OF_RANGE", "page_size"),
    );
    let page = ListMetricsRequest {
        page_size: 0,
        page_token: "zz".to_owned(),
    };
    complaints.expect(
        "list",
        clients.metrics.list_metrics(page).await,
        &Refusal::field("PAGE_TOKEN_INVALID", "page_token"),
    );
    let nothing = ListContributionsRequest::default();
    complaints.expect(
        "contributions",
        clients.metrics.list_contributions(nothing).await,
        &Refusal::field("REQUIRED", "metric"),
    );
    let negative = ExportEventsRequest {
        after_commit: -1,
        up_to_commit: 0,
    };
    complaints.expect(
        "export",
        clients.export.export_events(negative).await,
        &Refusal::field("OUT_OF_RANGE", "after_commit"),
    );
    let backwards = ExportEventsRequest {
        after_commit: 5,
        up_to_commit: 2,
    };
    complaints.expect(
        "export",
        clients.export.export_events(backwards).await,
        &Refusal::field("EMPTY_RANGE", "up_to_commit"),
    );
    complaints.done(7);
    target.still_serves().await
}
