//! What must hold of any history, whatever its numbers: the order, the splitting and the repetition of events change nothing,
//! corrections are as if the events had been right at once, and totals are the sums of their parts.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use jiff::civil::date;
use prost::Message as _;
use scoreline_core::rational::Rational;
use scoreline_proto::{
    analytics::v1::{ListMetricsRequest, QueryMetricsResponse},
    encode,
    events::v1::{Event, event::Payload},
};
use scoreline_tests::{
    reference::{
        answer::{Place, Told},
        compare,
        dice::Dice,
        effective::effective,
        history::History,
        metric,
        play::{Stage, disturbed, play},
        question::{Filter, Grain, Metric, Question},
    },
    server::{Engine, Server, engines},
};

/// The histories that are looked at.
const SEEDS: [u64; 3] = [1, 2, 3];
/// The dimensions by which totals are split.
const SPLITS: [&str; 9] = [
    "rep",
    "team",
    "region",
    "lead_source",
    "channel",
    "product",
    "account",
    "stage",
    "activity_kind",
];

fn question(metrics: Vec<Metric>, grain: Grain, dimensions: &[&str]) -> Question {
    Question {
        metrics,
        from: date(2024, 1, 1),
        to: date(2025, 4, 1),
        grain,
        dimensions: dimensions.iter().map(|dimension| (*dimension).to_owned()).collect(),
        filters: Vec::new(),
        cohort: None,
        current: false,
        currency: None,
    }
}

async fn ask(stage: &Stage, question: &Question) -> anyhow::Result<QueryMetricsResponse> {
    let answer = stage
        .clients
        .metrics
        .clone()
        .query_metrics(question.request(stage.commit))
        .await;
    Ok(answer.with_context(|| question.to_string())?.into_inner())
}

/// Questions about all metrics of the catalogue.
async fn all_questions(stage: &Stage) -> anyhow::Result<Vec<Question>> {
    let request = ListMetricsRequest {
        page_size: 100,
        ..ListMetricsRequest::default()
    };
    let listed = stage.clients.metrics.clone().list_metrics(request).await?.into_inner();
    ensure!(
        listed.next_page_token.is_empty() && listed.metrics.len() > 80,
        "{} metrics are listed",
        listed.metrics.len()
    );
    let metrics: Vec<Metric> = listed
        .metrics
        .iter()
        .map(|metric| Metric::new(&metric.metric_id))
        .collect();
    let shapes: [(Grain, &[&str]); 5] = [
        (Grain::Month, &[]),
        (Grain::Total, &["rep"]),
        (Grain::Quarter, &["lead_source"]),
        (Grain::Total, &["team", "product"]),
        (Grain::Quarter, &["account"]),
    ];
    let of_shape = |(grain, dimensions)| {
        metrics
            .chunks(40)
            .map(move |metrics| question(metrics.to_vec(), grain, dimensions))
    };
    Ok(shapes.into_iter().flat_map(of_shape).collect())
}

/// All answers to the questions, byte by byte; what is told of the ledger's growth is left out.
async fn bytes(stage: &Stage) -> anyhow::Result<Vec<(Question, QueryMetricsResponse, Vec<u8>)>> {
    let mut answers = Vec::new();
    for question in all_questions(stage).await? {
        let answer = QueryMetricsResponse {
            watermark: None,
            ..ask(stage, &question).await?
        };
        let mut encoded = Vec::new();
        for row in &answer.rows {
            encoded.extend(row.encode_to_vec());
        }
        answers.push((question, answer, encoded));
    }
    Ok(answers)
}

/// The events as they would be, had they been right at once.
fn corrected(events: &[Event]) -> Vec<Event> {
    let said = effective(events).into_iter().map(|said| Event {
        event_id: said.id,
        source: "test".to_owned(),
        occurred_at: Some(encode::instant(said.at)),
        payload: Some(said.payload),
    });
    said.collect()
}

fn ensure_same(
    what: &str,
    one: &[(Question, QueryMetricsResponse, Vec<u8>)],
    other: &[(Question, QueryMetricsResponse, Vec<u8>)],
) -> anyhow::Result<()> {
    for ((question, one, first), (_, other, second)) in one.iter().zip(other) {
        if first != second {
            let differences = compare::differences(question, &compare::read(one), &compare::read(other));
            let rows = one
                .rows
                .iter()
                .zip(&other.rows)
                .filter(|(one, other)| one != other)
                .take(2)
                .collect::<Vec<_>>();
            let told: Vec<_> = differences.iter().take(5).collect();
            ensure!(
                differences.is_empty(),
                "{what}: {} / {:?}: {told:#?}",
                question.dimensions.join(" "),
                question.grain
            );
            ensure!(false, "{what}: beside the numbers: {rows:#?}");
        }
    }
    Ok(())
}

async fn order_and_corrections_mean_nothing(engine: &Engine) -> anyhow::Result<()> {
    let server = Server::start(engine);
    for seed in SEEDS {
        let history = History::draw(seed);
        let mut dice = Dice::new(seed + 100);
        let corrections =
            |event: &&Event| matches!(event.payload, Some(Payload::EventAmended(_) | Payload::EventVoided(_)));
        assert!(
            history.events.iter().filter(corrections).count() > 10,
            "a history has corrections"
        );
        let mut backwards = history.events.clone();
        backwards.reverse();
        let tellings = [
            ("plain", history.events.clone()),
            ("disturbed", disturbed(&history.events, &mut dice)),
            ("backwards", backwards),
            ("corrected", corrected(&history.events)),
        ];
        let mut first = None;
        for (name, events) in tellings {
            let tenant = format!("{name}-{seed}");
            let stage = play(
                &server.endpoint(),
                &tenant,
                history.tenant.settings(),
                &events,
                &mut dice,
            )
            .await?;
            let answers = bytes(&stage).await?;
            match &first {
                None => first = Some(answers),
                Some(first) => ensure_same(&tenant, first, &answers)?,
            }
            let rebuilt = server.run(&["rebuild", "--tenant", &tenant]);
            ensure!(rebuilt.contains("; 0 differ from the ledger"), "{tenant}: {rebuilt}");
            let verified = server.run(&["verify", "--tenant", &tenant]);
            ensure!(verified.contains("all is well"), "{tenant}: {verified}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_and_corrections_mean_nothing_on_sqlite() -> anyhow::Result<()> {
    order_and_corrections_mean_nothing(&Engine::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_and_corrections_mean_nothing_on_postgres() -> anyhow::Result<()> {
    if engines().contains(&Engine::Postgres) {
        order_and_corrections_mean_nothing(&Engine::Postgres).await?;
    }
    Ok(())
}

type Sums = BTreeMap<Place, Vec<Rational>>;

fn numbers(cells: &[Told]) -> anyhow::Result<Vec<Rational>> {
    let number = |cell: &Told| {
        let (whole, places) = cell.value.split_once('.').unwrap_or((&cell.value, ""));
        let digits: i128 = format!("{whole}{places}")
            .parse()
            .with_context(|| format!("{} is no number", cell.value))?;
        Ok(Rational::new(digits, 10_i128.pow(u32::try_from(places.len())?))?)
    };
    cells.iter().map(number).collect()
}

/// The sums over all groups, period by period.
fn sums(answers: &[QueryMetricsResponse], metrics: usize) -> anyhow::Result<Sums> {
    let mut sums = Sums::new();
    for ((bucket, _), cells) in answers.iter().flat_map(compare::read) {
        let sum = sums
            .entry((bucket, Vec::new()))
            .or_insert_with(|| vec![Rational::ZERO; metrics]);
        for (sum, number) in sum.iter_mut().zip(numbers(&cells)?) {
            *sum = sum.checked_add(number)?;
        }
    }
    Ok(sums)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_are_the_sums_of_their_parts() -> anyhow::Result<()> {
    let server = Server::start(&Engine::Sqlite);
    let additive: Vec<Metric> = metric::ADDITIVE.iter().map(|metric| Metric::new(metric)).collect();
    for seed in SEEDS {
        let history = History::draw(seed);
        let tenant = format!("parts-{seed}");
        let mut dice = Dice::new(seed);
        let stage = play(
            &server.endpoint(),
            &tenant,
            history.tenant.settings(),
            &history.events,
            &mut dice,
        )
        .await?;
        for grain in [Grain::Total, Grain::Month] {
            let whole = question(additive.clone(), grain, &[]);
            let total = sums(&[ask(&stage, &whole).await?], additive.len())?;
            for split in SPLITS {
                let by = question(additive.clone(), grain, &[split]);
                let parts = sums(&[ask(&stage, &by).await?], additive.len())?;
                ensure!(
                    parts == total,
                    "history {seed}, {grain:?}: {}",
                    first_difference(&parts, &total, split)
                );
                let values = first_values(&ask(&stage, &by).await?);
                let kept = |exclude| Question {
                    filters: vec![Filter {
                        dimension: split.to_owned(),
                        values: values.clone(),
                        exclude,
                    }],
                    ..whole.clone()
                };
                let halves = [ask(&stage, &kept(false)).await?, ask(&stage, &kept(true)).await?];
                let both = sums(&halves, additive.len())?;
                let what = format!("{split} is or is not {values:?}");
                ensure!(
                    both == total,
                    "history {seed}, {grain:?}: {}",
                    first_difference(&both, &total, &what)
                );
            }
        }
    }
    Ok(())
}

/// Some values of the one dimension of an answer.
fn first_values(answer: &QueryMetricsResponse) -> Vec<String> {
    let mut values: Vec<String> = answer
        .rows
        .iter()
        .filter_map(|row| Some(row.dimensions.first()?.value.clone()))
        .collect();
    values.sort();
    values.dedup();
    values.into_iter().step_by(2).collect()
}

fn first_difference(parts: &Sums, total: &Sums, split: &str) -> String {
    for (place, total) in total {
        let Some(parts) = parts.get(place) else {
            return format!("by {split} nothing in {:?}", place.0);
        };
        for ((metric, part), whole) in metric::ADDITIVE.iter().zip(parts).zip(total) {
            if part != whole {
                let (part, whole) = (part.to_decimal_string(6), whole.to_decimal_string(6));
                return format!(
                    "{metric} in {:?}: the parts by {split} sum to {part}, the total is {whole}",
                    place.0
                );
            }
        }
    }
    format!("by {split} there are periods that the total lacks")
}
