//! Telephone campaigns of a bank: calls, their success and their length, by what is known of the client.

use std::{fs, io::Read as _, path::Path};

use scoreline_proto::analytics::v1::{Basis, Grain};

use super::{
    check::{Check, Cut, Metric, Scope},
    figure::{Figure, count, mean, median, ratio, whole},
    import::{import, import_again},
    question::name,
    sheet::{Row, Sheet},
};
use crate::server::{Engine, Server};

const SET: &str = "bank_marketing";
const RANGE: (&str, &str) = ("2008-05-01", "2010-12-01");
const ALL: Scope<'_> = Scope::of(RANGE.0, RANGE.1);
/// The last call of each client and campaign.
const LAST: Scope<'_> = Scope {
    range: RANGE,
    filters: &["attribute.call=last"],
    basis: Basis::Unspecified,
};
/// How many rows are imported once more.
const AGAIN: usize = 2_000;
const SECONDS_PER_HOUR: i64 = 3_600;
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Metrics of the tenant's own.
const OWN: &[(&str, &str, &str)] = &[
    ("subscriptions", "count(activity_successful)", "count"),
    (
        "calls_per_subscription",
        "ratio(calls_made, count(activity_successful))",
        "ratio",
    ),
    (
        "calls_per_client",
        r#"ratio(calls_made, count(activity where attribute.call = "last"))"#,
        "ratio",
    ),
    ("talk_time", "sum(activity)", "hours"),
    ("call_length", "average(activity)", "hours"),
    ("call_length_median", "quantile(activity, 0.5)", "hours"),
    ("call_length_of_success", "average(activity_successful)", "hours"),
    (
        "call_length_of_success_median",
        "quantile(activity_successful, 0.5)",
        "hours",
    ),
    (
        "call_length_of_failure",
        r#"average(activity where outcome = "not_subscribed")"#,
        "hours",
    ),
];

/// A client of a campaign.
#[derive(Debug)]
struct Client {
    month: String,
    calls: i64,
    seconds: i64,
    converted: bool,
    contact: String,
    age: String,
    job: String,
    marital: String,
    education: String,
    default: String,
    housing: String,
    loan: String,
    previous_outcome: String,
}

/// Imports the set and compares.
///
/// # Panics
/// When anything differs.
pub async fn bank_marketing(folder: &Path) {
    let server = Server::start(&Engine::Sqlite);
    let file = "bank-full.csv.gz";
    let clients = clients(&Sheet::read(&folder.join(file), b';'));
    import(&server, SET, folder, &[file], events(&clients));
    // The rows of a file have the same ids when only the first of them come.
    fs::write(server.folder().join("bank-full.csv"), head(&folder.join(file))).expect("an own folder takes a file");
    import_again(
        &server,
        SET,
        server.folder(),
        &["bank-full.csv"],
        events(&clients[..AGAIN]),
    );

    let mut check = Check::new(SET, folder, &server.endpoint()).await;
    check.define(OWN).await;
    check.compare(ALL, &clients, &CUTS, &OF_ALL_CALLS).await;
    check.compare(LAST, &clients, &CUTS, &OF_LAST_CALLS).await;
    check.finish(2_400, 510);
}

fn events(clients: &[Client]) -> usize {
    let calls = clients.iter().map(|client| client.calls).sum::<i64>();
    usize::try_from(calls).expect("calls are counted from 1")
}

/// The first lines of a packed file: the names of the columns, and some rows.
fn head(path: &Path) -> String {
    let mut text = String::new();
    let file = fs::File::open(path).expect("the file was read before");
    flate2::read::MultiGzDecoder::new(file)
        .read_to_string(&mut text)
        .expect("the file was read before");
    text.split_inclusive('\n').take(AGAIN + 1).collect()
}

fn clients(sheet: &Sheet) -> Vec<Client> {
    let (mut year, mut earlier) = (2008, 1);
    let client = |row: Row<'_>| {
        let month = MONTHS
            .iter()
            .position(|name| *name == row.get("month"))
            .expect("a month has its name")
            + 1;
        year += i32::from(month < earlier);
        earlier = month;
        Client {
            month: format!("{year}-{month:02}"),
            calls: row.parse("campaign"),
            seconds: row.parse("duration"),
            converted: row.get("y") == "yes",
            contact: row.text("contact"),
            age: age(row.parse("age")),
            job: row.text("job"),
            marital: row.text("marital"),
            education: row.text("education"),
            default: row.text("default"),
            housing: row.text("housing"),
            loan: row.text("loan"),
            previous_outcome: row.text("poutcome"),
        }
    };
    sheet.rows().map(client).collect()
}

fn age(years: u32) -> String {
    match years {
        ..30 => "under 30".to_owned(),
        60.. => "60+".to_owned(),
        _ => format!("{}-{}", years / 10 * 10, years / 10 * 10 + 9),
    }
}

const CUTS: [Cut<Client>; 13] = [
    Cut::whole(Some("overall")),
    // September 2008 has no row.
    Cut::over(Grain::Month, &[], |client: &Client| client.month.clone()).at("by_year_month"),
    Cut::by(&["channel"], |client: &Client| client.contact.clone()).at("by_contact_type"),
    Cut::by(&["attribute.contact"], |client: &Client| client.contact.clone()).at("by_contact_type"),
    Cut::by(&["attribute.age"], |client: &Client| client.age.clone()),
    Cut::by(&["attribute.job"], |client: &Client| client.job.clone()),
    Cut::by(&["attribute.marital"], |client: &Client| client.marital.clone()),
    Cut::by(&["attribute.education"], |client: &Client| client.education.clone()),
    Cut::by(&["attribute.default"], |client: &Client| client.default.clone()),
    Cut::by(&["attribute.housing", "attribute.loan"], |client: &Client| {
        name([client.housing.as_str(), client.loan.as_str()])
    }),
    Cut::by(&["attribute.previous_outcome"], |client: &Client| {
        client.previous_outcome.clone()
    }),
    Cut::over(Grain::Month, &["channel"], |client: &Client| {
        name([client.month.as_str(), client.contact.as_str()])
    }),
    Cut::over(Grain::Year, &["attribute.marital"], |client: &Client| {
        name([&client.month[..4], client.marital.as_str()])
    }),
];

const OF_ALL_CALLS: [Metric<Client>; 6] = [
    Metric::named("calls_made", "calls", calls),
    Metric::named("call_success_rate", "call_conversion", |clients| {
        ratio(converted(clients)?, calls(clients)?)
    }),
    Metric::named("subscriptions", "converted", converted),
    Metric::named("calls_per_subscription", "calls_per_conversion", |clients| {
        ratio(calls(clients)?, converted(clients)?)
    }),
    Metric::named("calls_per_client", "calls_per_contact", |clients| {
        ratio(calls(clients)?, count(clients.len()))
    }),
    Metric::named("talk_time", "talk_hours", |clients| {
        hours(Some(whole(seconds(clients, |_| true).iter().sum())))
    }),
];

const OF_LAST_CALLS: [Metric<Client>; 8] = [
    Metric::named("calls_made", "contacts", |clients| Some(count(clients.len()))),
    Metric::named("call_success_rate", "conversion", |clients| {
        ratio(converted(clients)?, count(clients.len()))
    }),
    Metric::scaled("call_length", "duration_mean", SECONDS_PER_HOUR, |clients| {
        hours(mean(&seconds(clients, |_| true)))
    }),
    Metric::scaled("call_length_median", "duration_median", SECONDS_PER_HOUR, |clients| {
        hours(median(seconds(clients, |_| true)))
    }),
    Metric::scaled(
        "call_length_of_success",
        "duration_mean_converted",
        SECONDS_PER_HOUR,
        |clients| hours(mean(&seconds(clients, |client| client.converted))),
    ),
    Metric::scaled(
        "call_length_of_success_median",
        "duration_median_converted",
        SECONDS_PER_HOUR,
        |clients| hours(median(seconds(clients, |client| client.converted))),
    ),
    Metric::scaled(
        "call_length_of_failure",
        "duration_mean_not_converted",
        SECONDS_PER_HOUR,
        |clients| hours(mean(&seconds(clients, |client| !client.converted))),
    ),
    Metric::named("talk_time", "talk_hours", |clients| {
        hours(Some(whole(seconds(clients, |_| true).iter().sum())))
    }),
];

fn calls(clients: &[&Client]) -> Figure {
    Some(whole(clients.iter().map(|client| client.calls).sum()))
}

fn converted(clients: &[&Client]) -> Figure {
    Some(count(clients.iter().filter(|client| client.converted).count()))
}

fn seconds(clients: &[&Client], which: fn(&Client) -> bool) -> Vec<i64> {
    clients
        .iter()
        .filter(|client| which(client))
        .map(|client| client.seconds)
        .collect()
}

fn hours(seconds: Figure) -> Figure {
    ratio(seconds?, whole(SECONDS_PER_HOUR))
}
