//! SQLite, PostgreSQL and the naive reference give the same answers to random questions about random histories.
//!
//! `SCORELINE_QUERIES` says how many questions (2 000), `SCORELINE_SEED` with which seed they are drawn.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context as _, ensure};
use futures::{StreamExt as _, stream};
use jiff::ToSpan as _;
use scoreline_proto::{
    analytics::v1::QueryMetricsResponse,
    events::v1::{Event, event::Payload},
};
use scoreline_tests::{
    faults,
    reference::{
        answer::{Place, Reference, Told},
        compare,
        dice::Dice,
        history::{FIRST_DAY, History, LAST_DAY},
        metric,
        play::{Stage, disturbed, play},
        question::{Grain, Metric, Question},
    },
    server::{Engine, Server, engines},
};

/// How many questions are asked of one history.
const OF_A_HISTORY: u64 = 250;
/// How many questions are asked at once.
const AT_ONCE: usize = 4;
/// How many failing questions are told.
const TOLD: usize = 5;
/// How many differences of a failing question are told.
const DIFFERENCES: usize = 4;

/// One history on every engine, and the reference.
struct Theatre {
    seed: u64,
    stages: Vec<(Engine, Stage)>,
    reference: Arc<Reference>,
}

impl Theatre {
    async fn open(servers: &[(Engine, Server)], seed: u64) -> anyhow::Result<Self> {
        let history = History::draw(seed);
        let mut stages = Vec::new();
        for (number, (engine, server)) in servers.iter().enumerate() {
            let mut dice = Dice::new(seed.wrapping_mul(31).wrapping_add(number as u64));
            let events = disturbed(&history.events, &mut dice);
            let tenant = format!("history-{seed}");
            let stage = play(
                &server.endpoint(),
                &tenant,
                history.tenant.settings(),
                &events,
                &mut dice,
            )
            .await;
            stages.push((
                engine.clone(),
                stage.with_context(|| format!("history {seed} on {engine:?}"))?,
            ));
        }
        let reference = Arc::new(Reference::new(&history.tenant, &history.events));
        Ok(Self {
            seed,
            stages,
            reference,
        })
    }

    /// What is wrong with the answers to a question, in words; empty when they agree.
    async fn fault(&self, question: &Question) -> anyhow::Result<Option<String>> {
        let reference = Arc::clone(&self.reference);
        let asked = question.clone();
        let expected = tokio::task::spawn_blocking(move || reference.answer(&asked));
        let mut found = Vec::new();
        let mut answers: Vec<(&Engine, QueryMetricsResponse)> = Vec::new();
        for (engine, stage) in &self.stages {
            match ask(stage, question).await {
                Ok(answer) => answers.push((engine, answer)),
                Err(error) => found.push(format!("{engine:?} does not answer: {error:#}")),
            }
        }
        let expected = expected.await?;
        for (engine, answer) in &answers {
            let differences = compare::differences(question, &compare::read(answer), &expected);
            if !differences.is_empty() {
                found.push(format!("{engine:?} / reference, {}", listed(&differences)));
            }
        }
        if let [(_, one), (_, other)] = &answers[..]
            && one.rows != other.rows
        {
            found.push(format!(
                "the engines differ, {}",
                listed(&compare::differences(
                    question,
                    &compare::read(one),
                    &compare::read(other)
                ))
            ));
        }
        Ok((!found.is_empty()).then(|| format!("history {}: {question}\n    {}", self.seed, found.join("\n    "))))
    }
}

fn listed(differences: &[String]) -> String {
    let first: Vec<_> = differences.iter().take(DIFFERENCES).map(String::as_str).collect();
    format!(
        "{} differences:\n        {}",
        differences.len(),
        first.join("\n        ")
    )
}

async fn ask(stage: &Stage, question: &Question) -> anyhow::Result<QueryMetricsResponse> {
    let answer = stage
        .clients
        .metrics
        .clone()
        .query_metrics(question.request(stage.commit))
        .await;
    Ok(answer?.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_engines_and_the_reference_agree() -> anyhow::Result<()> {
    let queries = faults::repetitions("SCORELINE_QUERIES", 2_000) as u64;
    let seed = faults::seed("questions to all engines and the reference") % 1_000_000_000;
    let servers: Vec<_> = engines()
        .into_iter()
        .map(|engine| (engine.clone(), Server::start(&engine)))
        .collect();
    let (mut failed, mut asked) = (Vec::new(), 0);
    for round in 0..queries.div_ceil(OF_A_HISTORY) {
        let theatre = Theatre::open(&servers, seed + round).await?;
        let mut dice = Dice::new(seed + round);
        let questions: Vec<_> = (asked..queries.min(asked + OF_A_HISTORY))
            .map(|_| Question::draw(&mut dice))
            .collect();
        asked += questions.len() as u64;
        let theatre = &theatre;
        let found: Vec<_> = stream::iter(&questions)
            .map(|question| async move { theatre.fault(question).await })
            .buffered(AT_ONCE)
            .collect()
            .await;
        for found in found {
            failed.extend(found?);
        }
    }
    let told: Vec<_> = failed.iter().take(TOLD).map(String::as_str).collect();
    ensure!(
        failed.is_empty(),
        "{} of {asked} questions are answered differently (seed {seed}):\n{}\n{}",
        failed.len(),
        told.join("\n"),
        complaints(&servers)
    );
    Ok(())
}

/// The last errors that servers logged.
fn complaints(servers: &[(Engine, Server)]) -> String {
    let last = |(engine, server): &(Engine, Server)| {
        let log = server.log_text();
        let error = log.lines().rfind(|line| line.contains("ERROR"));
        error.map(|error| format!("{engine:?} logged: {error}"))
    };
    servers.iter().filter_map(last).collect::<Vec<_>>().join("\n")
}

/// Everything that is asked of a history to find a fault in it: all metrics, week by week.
fn census() -> impl Iterator<Item = Question> {
    metric::ALL.chunks(30).map(|metrics| Question {
        metrics: metrics.iter().map(|metric| Metric::new(metric)).collect(),
        from: FIRST_DAY - 30.days(),
        to: LAST_DAY + 30.days(),
        grain: Grain::Week,
        dimensions: Vec::new(),
        filters: Vec::new(),
        cohort: None,
        current: false,
        currency: None,
    })
}

/// The events that are counted for themselves, and that nothing corrects.
fn counted(events: &[Event]) -> Vec<usize> {
    let corrected: Vec<&str> = events
        .iter()
        .filter_map(|event| match event.payload.as_ref()? {
            Payload::EventAmended(amended) => Some(amended.event_id.as_str()),
            Payload::EventVoided(voided) => Some(voided.event_id.as_str()),
            _ => None,
        })
        .collect();
    let is_counted = |event: &Event| {
        let counts = matches!(
            event.payload,
            Some(
                Payload::OrderPlaced(_)
                    | Payload::ActivityLogged(_)
                    | Payload::LeadCreated(_)
                    | Payload::CostIncurred(_)
            )
        );
        counts && !corrected.contains(&event.event_id.as_str())
    };
    (0..events.len())
        .filter(|number| is_counted(&events[*number]))
        .collect()
}

type Answer = BTreeMap<Place, Vec<Told>>;

fn found(answers: &[(Question, Answer)], reference: &Reference) -> usize {
    let differ = |(question, answer): &(Question, Answer)| {
        compare::differences(question, answer, &reference.answer(question)).len()
    };
    answers.iter().map(differ).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planted_fault_is_found() -> anyhow::Result<()> {
    let servers = [(Engine::Sqlite, Server::start(&Engine::Sqlite))];
    let seed = 7;
    let theatre = Theatre::open(&servers, seed).await?;
    let mut answers = Vec::new();
    for question in census() {
        let answer = compare::read(&ask(&theatre.stages[0].1, &question).await?);
        answers.push((question, answer));
    }
    let history = History::draw(seed);
    assert_eq!(found(&answers, &theatre.reference), 0, "nothing is planted yet");
    let (mut dice, candidates) = (Dice::new(seed), counted(&history.events));
    for _ in 0..6 {
        let number = *dice.pick(&candidates);
        let mut lacking = history.events.clone();
        let dropped = lacking.remove(number);
        let reference = Reference::new(&history.tenant, &lacking);
        assert!(found(&answers, &reference) > 0, "nobody misses {dropped:?}");
        // A week's question sees only what leaves its week.
        let mut moved = history.events.clone();
        let at = moved[number].occurred_at.as_mut().context("an event has its time")?;
        at.seconds += 7 * 86_400;
        let reference = Reference::new(&history.tenant, &moved);
        assert!(
            found(&answers, &reference) > 0,
            "nobody sees that {:?} moved",
            moved[number]
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_moves_by_a_day_is_found() -> anyhow::Result<()> {
    let servers = [(Engine::Sqlite, Server::start(&Engine::Sqlite))];
    let seed = 11;
    let theatre = Theatre::open(&servers, seed).await?;
    let history = History::draw(seed);
    let is_order = |number: &usize| matches!(history.events[*number].payload, Some(Payload::OrderPlaced(_)));
    let number = counted(&history.events)
        .into_iter()
        .find(is_order)
        .context("a history has orders")?;
    let mut moved = history.events.clone();
    let at = moved[number].occurred_at.as_mut().context("an event has its time")?;
    let day = jiff::Timestamp::from_second(at.seconds)?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    at.seconds += 86_400;
    let mut question = census().next().context("there are metrics")?;
    (question.from, question.to, question.grain) = (day - 3.days(), day + 4.days(), Grain::Day);
    let answer = compare::read(&ask(&theatre.stages[0].1, &question).await?);
    let answers = [(question, answer)];
    assert_eq!(found(&answers, &theatre.reference), 0, "nothing is planted yet");
    assert!(
        found(&answers, &Reference::new(&history.tenant, &moved)) > 0,
        "nobody sees the order move"
    );
    Ok(())
}
