//! Lists the records behind one number.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use prost::Message as _;
use scoreline_core::{
    id::EventId,
    measure::{Measure, Unit},
    metric::evaluate::{self, Part, Question, Table},
    money::Micros,
    rational::Rational,
    subject::Subject,
};
use scoreline_proto::{Violation, analytics::v1 as wire, encode, reader::Reader};
use scoreline_server::status::Problem;

use super::{
    explain::{self, Behind, Parts},
    query,
};
use crate::{
    analytics::{Analytics, Standing},
    caller::Caller,
    catalogue::Catalogue,
    convert::{
        header::header,
        known::{self, Known},
        query as convert,
        table::{cell, decimal},
    },
    failure,
    page::{self, Place},
};

const PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;
/// How many events of a subject are named.
const EVENTS: u32 = 20;

struct Asked {
    question: Question,
    part: Part,
    known: Known,
    at_least: u64,
}

/// What lies behind a number.
struct Found {
    table: Table,
    records: Vec<(Behind, Option<Rational>)>,
    total: usize,
}

pub(super) async fn list(
    analytics: &Analytics,
    caller: &Caller,
    mut request: wire::ListContributionsRequest,
) -> Result<wire::ListContributionsResponse, Problem> {
    let catalogue = analytics.catalogues.get(&caller.tenant).await?;
    let size = page::size(request.page_size, PAGE, MAX_PAGE, "page_size")?;
    let asked = read(&request, &catalogue).map_err(failure::invalid)?;
    let token = std::mem::take(&mut request.page_token);
    let mut print = query::begin(caller, &catalogue, b"contributions");
    if let Some(metric) = &mut request.metric {
        query::add_parameters(&mut print, metric);
    }
    print.add(&request.encode_to_vec());
    let place = Place::open(print.finish(), &token, "page_token")?;
    let standing = query::standing(analytics, caller, asked.known, asked.at_least, place).await?;
    let offset = place.map_or(0, |place| usize::try_from(place.offset).unwrap_or(usize::MAX));
    let found = find(analytics, caller, &catalogue, &standing, &asked, (offset, size)).await?;
    let subjects = found
        .records
        .iter()
        .map(|(behind, _)| behind.entry.measurement.subject.clone())
        .collect();
    let events = events(analytics, caller, &standing, subjects).await?;
    let next = offset.saturating_add(found.records.len());
    let more = next < found.total && !found.records.is_empty();
    let contribution = |(behind, part): &(Behind, Option<Rational>)| contribution(behind, *part, &events, &catalogue);
    Ok(wire::ListContributionsResponse {
        contributions: found.records.iter().map(contribution).collect(),
        next_page_token: if more {
            query::token(&standing, print.finish(), next)
        } else {
            String::new()
        },
        total_count: i64::try_from(found.total).unwrap_or(i64::MAX),
        column: found.table.columns.first().map(header),
        cell: found.table.rows.first().and_then(|row| row.cells.first()).map(cell),
        watermark: Some(standing.watermark()),
    })
}

fn read(request: &wire::ListContributionsRequest, catalogue: &Catalogue) -> Result<Asked, Vec<Violation>> {
    let mut reader = Reader::new();
    let metric = reader.present("metric", request.metric.as_ref());
    let metric =
        metric.and_then(|metric| reader.within("metric", |reader| convert::selection(reader, metric, catalogue)));
    let range = convert::range(&mut reader, "range", request.range.as_ref());
    let filters = convert::filters(&mut reader, &request.filters, catalogue);
    let part = reader.choice("part", request.part, |part| match part {
        wire::ContributionPart::Denominator => Some(Part::Denominator),
        wire::ContributionPart::Unspecified | wire::ContributionPart::Numerator => None,
    });
    let known = known::known_at(&mut reader, "known_at", request.known_at.as_ref());
    let at_least = known::at_least(&mut reader, "at_least_commit", request.at_least_commit);
    let conversion = request.currency_conversion.as_ref();
    let scope = convert::Scope::read(
        &mut reader,
        request.basis,
        &request.time_zone,
        request.attribution,
        conversion,
    );
    let asked = metric.zip(range).map(|(metric, range)| {
        let mut question = Question::new(vec![metric], range, Timestamp::UNIX_EPOCH);
        question.filters = filters;
        scope.apply(&mut question);
        Asked {
            question,
            part: part.unwrap_or(Part::Numerator),
            known,
            at_least,
        }
    });
    reader.finish(asked)
}

async fn find(
    analytics: &Analytics,
    caller: &Caller,
    catalogue: &Arc<Catalogue>,
    standing: &Standing,
    asked: &Asked,
    (offset, size): (usize, usize),
) -> Result<Found, Problem> {
    let (question, part, metrics) = (standing.put(asked.question.clone()), asked.part, Arc::clone(catalogue));
    analytics
        .compute(caller, catalogue, standing, move |over| {
            let (registry, policies) = (&metrics.registry, &metrics.policies);
            let table = over.table(&metrics, &question, "")?;
            let leaves = evaluate::leaves(registry, policies, &over.tables, &question, &question.metrics[0], part);
            let leaves = leaves.map_err(|error| failure::unanswered(error, ""))?;
            let most = offset.saturating_add(size);
            let (found, total) =
                explain::behind(over, &leaves, most).map_err(|stopped| failure::stopped_early(stopped, ""))?;
            let parts = Parts {
                over,
                catalogue: &metrics,
                question: &question,
                leaves: &leaves,
                part,
            };
            let values = parts.of(&found);
            let records = found.into_iter().zip(values).skip(offset).collect();
            Ok(Found { table, records, total })
        })
        .await
}

/// The events in the histories of subjects, as far as they are known.
async fn events(
    analytics: &Analytics,
    caller: &Caller,
    standing: &Standing,
    subjects: BTreeSet<Subject>,
) -> Result<HashMap<Subject, Vec<EventId>>, Problem> {
    let subjects: Vec<Subject> = subjects.into_iter().collect();
    let found = async {
        let mut found = analytics.store.events_of(&caller.tenant, &subjects, EVENTS).await?;
        if standing.commit < standing.snapshot.commit {
            forget_what_came_later(analytics, caller, standing, &mut found).await?;
        }
        Ok(found)
    };
    found
        .await
        .map_err(|error: scoreline_storage::Error| failure::stored(&error))
}

/// Leaves out the events that a past state of knowledge does not know.
async fn forget_what_came_later(
    analytics: &Analytics,
    caller: &Caller,
    standing: &Standing,
    found: &mut HashMap<Subject, Vec<EventId>>,
) -> Result<(), scoreline_storage::Error> {
    let ids: Vec<EventId> = found.values().flatten().cloned().collect();
    let logged = analytics.store.find_events(&caller.tenant, &ids).await?;
    let late = logged.iter().filter(|found| found.position.commit > standing.commit);
    let late: HashSet<&EventId> = late.map(|found| &found.event.id).collect();
    found.values_mut().for_each(|ids| ids.retain(|id| !late.contains(id)));
    Ok(())
}

fn contribution(
    behind: &Behind,
    part: Option<Rational>,
    events: &HashMap<Subject, Vec<EventId>>,
    catalogue: &Catalogue,
) -> wire::Contribution {
    let (entry, measurement) = (&behind.entry, &behind.entry.measurement);
    let currency = measurement
        .dimensions
        .get(&scoreline_core::dimension::Dimension::Currency);
    let (value, unit) = value(&measurement.measure, measurement.value, catalogue);
    let events = events.get(&measurement.subject).map(Vec::as_slice).unwrap_or_default();
    wire::Contribution {
        subject_kind: measurement.subject.kind.name().to_owned(),
        subject_id: measurement.subject.id.to_string(),
        event_ids: events.iter().map(ToString::to_string).collect(),
        measure: measurement.measure.to_string(),
        date: Some(encode::date(measurement.date)),
        origin_date: Some(encode::date(measurement.origin_date)),
        instant: Some(encode::instant(measurement.instant)),
        value,
        unit: unit.to_owned(),
        currency_code: if unit == "money" {
            currency.map(ToString::to_string).unwrap_or_default()
        } else {
            String::new()
        },
        count: i32::from(entry.count),
        commit: i64::try_from(entry.commit).unwrap_or(i64::MAX),
        dimensions: measurement
            .dimensions
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
        part_value: part.map(decimal).unwrap_or_default(),
    }
}

/// A value as it was sent, and its unit.
fn value(measure: &Measure, value: i64, catalogue: &Catalogue) -> (String, &'static str) {
    let unit = match measure {
        Measure::Builtin(builtin) => Some(builtin.unit()),
        Measure::Own(name) => catalogue
            .policies
            .measures
            .iter()
            .find(|own| own.name == *name)
            .map(|own| own.unit),
    };
    let scaled = |scale: i128| decimal(Rational::new(i128::from(value), scale).unwrap_or(Rational::ZERO));
    match unit {
        Some(Unit::Money) => (Micros(value).to_string(), "money"),
        Some(Unit::Milliseconds) => (scaled(86_400_000), "days"),
        Some(Unit::Days) => (scaled(1), "days"),
        Some(Unit::Milli) => (scaled(1_000), "score"),
        Some(Unit::Count) | None => (scaled(1), "count"),
    }
}
