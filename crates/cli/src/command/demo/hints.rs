//! The lines to go on with.

use super::scoreboard::Quarter;
use crate::{
    arguments::Remote,
    output::{bold, line},
};

/// The address at which the command line looks by itself.
const USUAL: &str = "http://127.0.0.1:7464";

/// Shows commands that work as they stand.
pub(super) fn show(endpoint: &str, remote: &Remote, quarter: Quarter) {
    line(format_args!("\n{}", bold("Ask on")));
    let program = std::env::args()
        .next()
        .filter(|path| path.contains('/'))
        .unwrap_or_else(|| "scoreline".to_owned());
    for command in commands(&program, endpoint, remote, quarter) {
        line(format_args!("  {command}"));
    }
    line(format_args!("\n{}", bold("or from any gRPC client")));
    line(format_args!("  {}", curl(endpoint, remote, quarter)));
}

fn commands(program: &str, endpoint: &str, remote: &Remote, quarter: Quarter) -> Vec<String> {
    let Quarter { start, end } = quarter;
    let mut tail = String::new();
    if endpoint != USUAL {
        tail.push_str(&format!(" --endpoint {endpoint}"));
    }
    if remote.tenant != "default" {
        tail.push_str(&format!(" --tenant {}", remote.tenant));
    }
    let range = format!("--from {start} --to {end}");
    [
        format!("query bookings,win_rate,sales_cycle_length {range} --grain month"),
        format!("query win_rate,lead_conversion_rate {range} --by lead_source --compare previous"),
        format!("query quota_attainment,calls_made {range} --by rep,team"),
        format!("query call_success_rate {range} --by rep --filter team=rhine --format json"),
        "metrics show win_rate".to_owned(),
        format!("explain bookings {range} --filter team=rhine"),
    ]
    .map(|command| format!("{program} {command}{tail}"))
    .to_vec()
}

fn curl(endpoint: &str, remote: &Remote, quarter: Quarter) -> String {
    let day = |date: jiff::civil::Date| {
        format!(
            r#"{{"year":{},"month":{},"day":{}}}"#,
            date.year(),
            date.month(),
            date.day()
        )
    };
    let body = format!(
        r#"{{"metrics":[{{"metricId":"win_rate"}}],"range":{{"start":{},"end":{}}},"dimensions":["region"]}}"#,
        day(quarter.start),
        day(quarter.end)
    );
    let tenant = match remote.tenant.as_str() {
        "default" => String::new(),
        tenant => format!(" -H '{}: {tenant}'", scoreline_server::auth::TENANT_HEADER),
    };
    let method = "scoreline.analytics.v1.MetricsService/QueryMetrics";
    format!("buf curl --protocol grpc --http2-prior-knowledge{tenant} {endpoint}/{method} \\\n    -d '{body}'")
}

#[cfg(test)]
mod tests {
    use scoreline_proto::analytics::v1::QueryMetricsRequest;

    use super::*;

    fn remote() -> Remote {
        Remote {
            endpoint: USUAL.to_owned(),
            api_key: None,
            tenant: "default".to_owned(),
        }
    }

    #[test]
    fn the_address_is_named_only_where_it_is_unusual() {
        let quarter = Quarter::last_before(jiff::civil::date(2026, 11, 21));
        let usual = commands("scoreline", USUAL, &remote(), quarter);
        assert_eq!(
            usual[0],
            "scoreline query bookings,win_rate,sales_cycle_length --from 2026-07-01 --to 2026-10-01 --grain month"
        );
        let unusual = commands("scoreline", "http://127.0.0.1:5", &remote(), quarter);
        assert!(
            unusual
                .iter()
                .all(|command| command.ends_with("--endpoint http://127.0.0.1:5"))
        );
    }

    #[test]
    fn the_body_of_the_call_is_a_message_of_the_contract() -> anyhow::Result<()> {
        let shown = curl(USUAL, &remote(), Quarter::last_before(jiff::civil::date(2026, 11, 21)));
        let body = shown.split('\'').nth(1).expect("a body in quotes");
        let request: QueryMetricsRequest = crate::output::from_json(serde_json::from_str(body)?)?;
        assert_eq!(request.metrics[0].metric_id, "win_rate");
        assert_eq!(request.dimensions, ["region"]);
        Ok(())
    }
}
