//! Small files, read to their events.

use std::fs;

use super::*;
use crate::command::import::{files::assign, mapping::Mapping};

/// The ids and fields of the events, and the lines and reasons of what was refused.
fn import(mapping: &str, files: &[(&str, &str)]) -> (Vec<Value>, Vec<(String, u64, String)>) {
    let folder = tempfile::tempdir().expect("a folder");
    let paths: Vec<_> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    for (path, (_, text)) in paths.iter().zip(files) {
        fs::write(path, text).expect("it writes");
    }
    let mapping = Mapping::parse(&format!("[mapping]\nsource = 'test'\n{mapping}")).expect("a mapping");
    let assigned = assign(&mapping, &paths).expect("every file is known");
    let mut events = Vec::new();
    let mut refused = Vec::new();
    for parcel in Rows::new(&mapping, assigned) {
        match parcel.expect("readable") {
            Parcel::Event(_, event) => events.push(serde_json::from_str(&json::write(&event)).expect("JSON")),
            Parcel::Refused(origin, _, violations) => {
                let file = origin.file.map(|file| file.to_string()).unwrap_or_default();
                let violation = &violations[0];
                refused.push((
                    file,
                    origin.line,
                    format!("{}: {}", violation.field, violation.description),
                ));
            }
        }
    }
    (events, refused)
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["eventId"].as_str()).collect()
}

const LEADS: &str = "
    [[table]]
    file = 'leads.csv'
    key = ['id']
    [[table.event]]
    kind = 'lead_created'
    id = 'lead:${id}'
    occurred_at = '${day}'
    fields = { lead_id = '${id}', lead_source = { column = 'from', default = '(blank)' } }
";

#[test]
fn a_bad_row_stops_nothing() {
    let text = "id,day,from\n1,2026-01-02,web\n2,yesterday,web\n3\n1,2026-01-03,web\n4,2026-01-04,\n";
    let (events, refused) = import(LEADS, &[("leads.csv", text)]);
    assert_eq!(ids(&events), ["lead:1", "lead:4"]);
    assert_eq!(events[1]["leadCreated"]["leadSource"], "(blank)");
    assert_eq!(events[0]["occurredAt"], "2026-01-02T00:00:00Z");
    let lines: Vec<u64> = refused.iter().map(|(_, line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 5]);
    assert!(
        refused[0].2.starts_with("day: ") && refused[0].2.contains("yesterday"),
        "{refused:?}"
    );
    assert!(refused[2].2.contains("earlier row"), "{refused:?}");
}

#[test]
fn the_contract_refuses_what_a_row_makes_wrong() {
    let mapping = LEADS.replace("'lead:${id}'", "'${from}'");
    let (events, refused) = import(&mapping, &[("leads.csv", "id,day,from\n1,2026-01-02,\n")]);
    assert!(events.is_empty());
    assert!(refused[0].2.starts_with("event_id: "), "{refused:?}");
}

#[test]
fn rows_of_an_order_make_one_event_with_their_lines() {
    let mapping = "
        [[table]]
        file = 'lines.csv'
        separator = ';'
        [[table.event]]
        kind = 'order_placed'
        id = 'order:${order}'
        occurred_at = { column = 'day', at = '12:00' }
        group_by = ['order']
        [table.event.fields]
        order_id = '${order}'
        [table.event.fields.lines]
        each = 'rows'
        [table.event.fields.lines.item]
        product_id = '${product}'
        amount = { column = 'sales', as = 'money', currency = 'USD' }
        cost = { arithmetic = '${sales} - ${profit}', as = 'money', currency = 'USD' }
    ";
    let text = "order;day;product;sales;profit\nA;2026-01-01;p1;10.5;2.25\nB;2026-01-01;p1;1;0\nA;2026-01-01;p2;3;-1\n";
    let (events, refused) = import(mapping, &[("lines.csv", text)]);
    assert_eq!((ids(&events), refused.len()), (vec!["order:A", "order:B"], 0));
    let lines = events[0]["orderPlaced"]["lines"].as_array().expect("lines").clone();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["cost"]["units"], &lines[0]["cost"]["nanos"]),
        (&"8".into(), &250_000_000.into())
    );
    assert_eq!(lines[1]["cost"]["units"], "4");
}

#[test]
fn other_files_are_joined() {
    let mapping = "
        [maps.products]
        GTXPro = 'GTX Pro'
        [[table]]
        file = 'deals.csv'
        [table.join.product]
        file = 'products.csv'
        on = { column = 'product', map = 'products' }
        key = 'name'
        required = true
        [table.join.pay]
        file = 'payments.csv'
        on = '${id}'
        key = 'deal'
        [[table.event]]
        kind = 'opportunity_opened'
        id = 'deal:${id}'
        occurred_at = '2026-01-01'
        [table.event.fields]
        opportunity_id = '${id}'
        product_id = '${product.name}'
        amount = { column = 'product.price', as = 'money', currency = 'USD' }
        [[table.event]]
        kind = 'order_placed'
        id = 'order:${id}'
        occurred_at = '2026-01-02'
        when = [{ column = 'pay.sum', empty = false }]
        fields = { order_id = '${id}', lines = { each = 'pay', item = { amount = { column = 'pay.sum', as = 'money', currency = 'USD' } } } }
    ";
    let files = [
        ("deals.csv", "id,product\n1,GTXPro\n2,None\n3,GTX Pro\n"),
        ("products.csv", "name,price\nGTX Pro,4821\n"),
        ("payments.csv", "deal,sum\n1,5\n1,7\n"),
    ];
    let (events, refused) = import(mapping, &files);
    assert_eq!(ids(&events), ["deal:1", "order:1", "deal:3"]);
    assert_eq!(events[0]["opportunityOpened"]["amount"]["units"], "4821");
    assert_eq!(events[1]["orderPlaced"]["lines"].as_array().map(Vec::len), Some(2));
    assert!(
        refused[0].1 == 3 && refused[0].2.contains("\"None\" is not among the name"),
        "{refused:?}"
    );
}

#[test]
fn a_row_happens_as_often_as_it_says() {
    let mapping = "
        [[table]]
        file = 'calls.csv'
        derive = [{ name = 'year', rising_year = { month = 'month', first = 2008 } }]
        [[table.event]]
        kind = 'activity_logged'
        id = 'call:${@row}:${@count}'
        occurred_at = { template = '${year} ${month}', format = '%Y %b', at = '12:00' }
        repeat = '${calls} - 1'
        fields = { kind = 'ACTIVITY_KIND_CALL' }
    ";
    let mapping = mapping.replace(
        "'${year} ${month}', format = '%Y %b'",
        "'${year} ${month} 1', format = '%Y %b %d'",
    );
    let (events, _) = import(&mapping, &[("calls.csv", "month,calls\nmay,3\njan,1\nfeb,2\n")]);
    assert_eq!(ids(&events), ["call:1:1", "call:1:2", "call:3:1"]);
    assert_eq!(events[2]["occurredAt"], "2009-02-01T12:00:00Z");
}

#[test]
fn a_column_that_is_not_there_is_told_before_anything_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("leads.csv");
    fs::write(&path, "id,date\n").expect("it writes");
    let mapping = Mapping::parse(&format!("[mapping]\nsource = 'test'\n{LEADS}")).expect("a mapping");
    let error = assign(&mapping, &[path])
        .expect_err("day and from are missing")
        .to_string();
    assert!(error.contains("no column \"day\"; it has id, date"), "{error}");
    let error = assign(&mapping, &["other.csv".into()])
        .expect_err("whose is it?")
        .to_string();
    assert!(
        error.contains("other.csv is none of the mapping's files: leads.csv"),
        "{error}"
    );
}
