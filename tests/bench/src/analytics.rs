//! The bars of analytics: ours through gRPC, beside the engines in the same interleaved run.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use scoreline_proto::{analytics::v1::QueryMetricsRequest, events::v1::Event};
use scoreline_tests::{
    client::Clients,
    postgres::{self, Cluster, Lifetime},
    server::Server,
};

use crate::{
    Against,
    bar::Bar,
    dataset::{Dataset, TENANT},
    engines::{self, Engine},
    events, image, load,
    organisation::{Organisation, Size},
    queries::{self, Timed, median},
    questions::{self, REP, SINGLES},
};

/// More than any organisation here takes.
pub(crate) const MEMORY: (&str, &str) = ("SCORELINE__ANALYTICS__IMAGE_MEMORY_BUDGET_BYTES", "12884901888");
/// What a question was told before is not used.
pub(crate) const NOTHING_KEPT: (&str, &str) = ("SCORELINE__ANALYTICS__KEPT_ANSWERS_BUDGET_BYTES", "0");
/// The engines that the dashboard is held against.
const FOR_DASHBOARDS: &[&str] = &["duckdb", "polars"];
/// Events of a commit between two dashboards.
const NEWS: usize = 50;
/// How often there is something new.
const NEWS_ROUNDS: usize = 25;
/// A tick of the processor times of a process.
const TICK_MILLIS: f64 = 10.0;
/// What following its tenants costs a server in a second.
const BUSY_MILLIS: f64 = 50.0;
/// Asks of what is fast.
const MANY: usize = 41;

/// What was asked at one size.
pub(crate) struct Asked {
    pub(crate) size: Size,
    pub(crate) rows: u64,
    pub(crate) engines: Vec<String>,
    pub(crate) timed: Vec<Timed>,
}

/// Everything about analytics.
pub(crate) struct Measured {
    pub(crate) asked: Asked,
    pub(crate) bars: Vec<Bar>,
    pub(crate) curves: Vec<Curve>,
}

/// Points to be plotted.
pub(crate) struct Curve {
    pub(crate) title: &'static str,
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

fn start_engines(dataset: &Dataset, against: &Against) -> anyhow::Result<Vec<Engine>> {
    let start = |name: &String| Engine::start(&against.python, name, &dataset.tables(), None);
    against.engines.iter().map(start).collect()
}

/// Asks every question of a size of everyone.
///
/// # Errors
/// When an engine fails, or answers something else than we do.
pub(crate) async fn questions(dataset: &Dataset, against: &Against) -> anyhow::Result<Asked> {
    dataset.prepare().await?;
    let server = dataset.server(&[MEMORY, NOTHING_KEPT])?;
    let clients = Clients::connect(&server.endpoint(), TENANT).await?;
    first_answer(&clients).await?;
    quiet(&server).await?;
    let mut engines = start_engines(dataset, against)?;
    ask_all(dataset, against, &clients, &mut engines).await
}

async fn ask_all(
    dataset: &Dataset,
    against: &Against,
    clients: &Clients,
    engines: &mut [Engine],
) -> anyhow::Result<Asked> {
    queries::check(clients, engines, SINGLES).await?;
    let rows = dataset.ledger_rows().await?;
    println!(
        "size {}, {rows} rows of the ledger, seed {}",
        dataset.size.name, dataset.seed
    );
    let mut timed = Vec::new();
    for name in SINGLES.iter().chain(&["dashboard"]) {
        let found = queries::time(clients, engines, name, against.asks).await?;
        let theirs: Vec<String> = found
            .theirs
            .iter()
            .map(|(name, time)| format!("{name} {time:.1}"))
            .collect();
        println!(
            "{:42} {:8.2} ms {:7.1}×  {}",
            questions::title(name),
            found.ours,
            found.ratio(),
            theirs.join("  ")
        );
        timed.push(found);
    }
    let engines = engines
        .iter()
        .map(|engine| format!("{} {}", engine.name, engine.version))
        .collect();
    Ok(Asked {
        size: dataset.size,
        rows,
        engines,
        timed,
    })
}

/// Asks every question, and measures all other bars of analytics.
///
/// # Errors
/// When an engine or a server fails.
pub(crate) async fn measure(dataset: &Dataset, against: &Against) -> anyhow::Result<Measured> {
    dataset.prepare().await?;
    let (server, mut bars) = cold(dataset).await?;
    quiet(&server).await?;
    let clients = Clients::connect(&server.endpoint(), TENANT).await?;
    let mut engines = start_engines(dataset, against)?;
    let asked = ask_all(dataset, against, &clients, &mut engines).await?;
    bars.extend(rep(dataset, against, &clients).await?);
    drop(server);
    bars.extend(again(dataset, &asked, &mut engines).await?);
    drop(engines);
    bars.push(overhead().await?);
    let (scans, curves) = (scans(), curves().await?);
    bars.push(scans);
    bars.push(flat(&curves));
    Ok(Measured { asked, bars, curves })
}

/// Bars 12 and 13: how fast a ledger comes into memory, and how much of it a row takes.
pub(crate) async fn cold(dataset: &Dataset) -> anyhow::Result<(Server, Vec<Bar>)> {
    let rows = dataset.ledger_rows().await? as f64;
    let server = dataset.server(&[MEMORY, NOTHING_KEPT])?;
    let before = resident_bytes(server.pid())?;
    let clients = Clients::connect(&server.endpoint(), TENANT).await?;
    let began = Instant::now();
    first_answer(&clients).await?;
    let took = began.elapsed().as_secs_f64();
    let rate = rows / took / 1e6;
    let bytes = (resident_bytes(server.pid())? - before) / rows;
    let load = format!("{rate:.1} M ledger rows/s ({:.1} s for {:.1} M)", took, rows / 1e6);
    println!("cold start: {load}, {bytes:.1} bytes a row");
    Ok((
        server,
        vec![
            alone(
                12,
                "cold start to the first answer",
                ("≥ 5 M rows/s", "≥ 20 M"),
                load,
                rate,
            ),
            alone(
                13,
                "memory",
                ("≤ 40 bytes a row", "≤ 20"),
                format!("{bytes:.1} bytes a row, resident"),
                bytes,
            ),
        ],
    ))
}

/// Waits for the first answer. A call may find its deadline too short for a large ledger; the load goes on.
pub(crate) async fn first_answer(clients: &Clients) -> anyhow::Result<()> {
    let began = Instant::now();
    while let Err(error) = queries::ask(clients, "q01").await {
        if began.elapsed() > Duration::from_secs(600) {
            return Err(error.context("no first answer within ten minutes"));
        }
    }
    Ok(())
}

/// Waits until a server has nothing left to do that nobody waits for, such as putting a ledger in order that it has loaded.
///
/// # Errors
/// When it is gone, or still works after two minutes.
pub(crate) async fn quiet(server: &Server) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let before = used_millis(server.pid())?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        if used_millis(server.pid())? - before <= BUSY_MILLIS {
            return Ok(());
        }
        ensure!(
            began.elapsed() < Duration::from_secs(120),
            "the server does not come to rest"
        );
    }
}

/// The processor time that a process has used, in milliseconds. It goes in ticks, so that only sums of many say something.
pub(crate) fn used_millis(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may have spaces; behind it stand numbers, of which the twelfth and the thirteenth are those of the times.
    let (_, numbers) = stat.rsplit_once(')').context("a process has a name")?;
    let ticks: Vec<f64> = numbers
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() * TICK_MILLIS)
}

fn resident_bytes(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("a process has a size")?;
    let kilobytes = line.trim().trim_end_matches(" kB").trim();
    Ok(kilobytes.parse::<f64>()? * 1024.0)
}

/// Bar 6: one rep, one quarter, twelve metrics, beside PostgreSQL with every index.
async fn rep(dataset: &Dataset, against: &Against, clients: &Clients) -> anyhow::Result<Option<Bar>> {
    let Some(binaries) = postgres::binaries() else {
        println!("NOT MEASURED: bar 6 needs PostgreSQL, which this machine does not have");
        return Ok(None);
    };
    let cluster = Cluster::start(&binaries, Lifetime::OfThisProcess, engines::POSTGRES);
    let url = cluster.database();
    let mut engines = [Engine::start(
        &against.python,
        "postgres",
        &dataset.tables(),
        Some(&url),
    )?];
    queries::check(clients, &mut engines, &[REP]).await?;
    let timed = queries::time(clients, &mut engines, REP, MANY).await?;
    let theirs = timed.best(&[]).map_or(f64::NAN, |(_, time)| time);
    let bar = Bar {
        number: 6,
        name: format!("{}, size {}", questions::title(REP), dataset.size.name),
        goal: "≤ 2 ×",
        proud: "≤ 1 ×",
        ours: format!("{:.2} ms", timed.ours),
        theirs: format!("PostgreSQL {theirs:.2} ms"),
        figure: timed.ours / theirs,
    };
    Ok(Some(bar.told()))
}

/// Bar 4: the dashboard once more, each time after one more commit.
async fn again(dataset: &Dataset, asked: &Asked, engines: &mut [Engine]) -> anyhow::Result<Option<Bar>> {
    let Some(duckdb) = engines.iter_mut().find(|engine| engine.name == "duckdb") else {
        return Ok(None);
    };
    let server = dataset.server_on_copy(&[MEMORY])?;
    let mut clients = Clients::connect(&server.endpoint(), TENANT).await?;
    first_answer(&clients).await?;
    quiet(&server).await?;
    queries::dashboard(&clients).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut news = News::new(dataset.seed);
    for _ in 0..NEWS_ROUNDS {
        news.tell(&mut clients).await?;
        ours.push(queries::dashboard(&clients).await?);
        theirs.push(duckdb.ask("dashboard")?.0);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let bar = Bar {
        number: 4,
        name: format!("the dashboard again after one more commit, size {}", asked.size.name),
        goal: "≥ 50 ×",
        proud: "≥ 200 ×",
        ours: format!("{ours:.2} ms"),
        theirs: format!("DuckDB {theirs:.0} ms"),
        figure: theirs / ours,
    };
    Ok(Some(bar.told()))
}

/// News that come in from time to time.
pub(crate) struct News {
    organisation: Organisation,
    round: usize,
}

impl News {
    /// News that an organisation of this seed has not told yet.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            organisation: Organisation::new(Size::XS, seed + 1),
            round: 0,
        }
    }

    /// Tells one account's news, under ids of its own, and waits until they can be seen.
    ///
    /// # Errors
    /// When a call fails.
    pub(crate) async fn tell(&mut self, clients: &mut Clients) -> anyhow::Result<()> {
        let commit = clients.ingest(self.next()).await?.commit;
        seen(clients, commit).await
    }

    fn next(&mut self) -> Vec<Event> {
        let round = self.round;
        self.round += 1;
        let accounts = Size::XS.accounts;
        let family = (round * 97..)
            .map(|account| self.organisation.family(account % accounts))
            .find(|family| !family.deals.is_empty());
        let family = family.unwrap_or_else(|| self.organisation.family(round % accounts));
        let mut told = events::of_family_named(&format!("news-{round}"), &family);
        told.truncate(NEWS);
        told
    }
}

/// Waits until a commit can be seen.
async fn seen(clients: &Clients, commit: i64) -> anyhow::Result<()> {
    let request = QueryMetricsRequest {
        at_least_commit: commit,
        ..questions::question("q12").request
    };
    clients.metrics.clone().query_metrics(request).await?;
    Ok(())
}

/// Bar 7: what a call costs beside the engine: a question to a tenant that has next to nothing.
async fn overhead() -> anyhow::Result<Bar> {
    let server = almost_empty(&[NOTHING_KEPT]).await?;
    let clients = Clients::connect(&server.endpoint(), TENANT).await?;
    let mut times = Vec::new();
    for _ in 0..40 * MANY {
        times.push(queries::ask(&clients, "q01").await?.0);
    }
    let p50 = median(times);
    let ours = format!("{p50:.3} ms for 36 rows of an almost empty ledger");
    let name = "service overhead on top of the engine, p50";
    Ok(alone(7, name, ("≤ 0.2 ms", "≤ 0.1"), ours, p50))
}

/// A server whose tenant has one account's events.
pub(crate) async fn almost_empty(environment: &[(&str, &str)]) -> anyhow::Result<Server> {
    let server = Server::start_with(&scoreline_tests::server::Engine::Sqlite, environment);
    let mut clients = Clients::connect(&server.endpoint(), TENANT).await?;
    load::create_tenant(&mut clients, TENANT).await?;
    let organisation = Organisation::new(Size::XS, 7);
    let events = (0..)
        .map(|account| organisation.family(account))
        .find(|family| !family.orders.is_empty());
    let events = events
        .map(|family| events::of_family(Size::XS, &family))
        .unwrap_or_default();
    clients.ingest(events.into_iter().take(500).collect()).await?;
    Ok(server)
}

/// Bar 5: the engine alone on one core.
fn scans() -> Bar {
    let rates = image::scan_rates(4_000_000, 9);
    let told: Vec<String> = rates.iter().map(|(name, rate)| format!("{name} {rate:.0}")).collect();
    let usual: Vec<f64> = rates[..3].iter().map(|(_, rate)| *rate).collect();
    let least = usual.iter().copied().fold(f64::INFINITY, f64::min);
    let ours = format!("M rows/s: {}", told.join(", "));
    let name = "generic group-by on one core, the slowest of the first three";
    alone(5, name, ("≥ 150 M rows/s", "≥ 400 M"), ours, least)
}

async fn curves() -> anyhow::Result<Vec<Curve>> {
    let rounds = 15;
    Ok(vec![
        Curve {
            title: "A question over 1 M rows, with other rows around them",
            across: "M other rows (other years, other measures)",
            up: "ms",
            points: image::growth_outside(rounds),
        },
        Curve {
            title: "A question over more and more rows",
            across: "M rows in range",
            up: "ms",
            points: image::growth_inside(rounds),
        },
        Curve {
            title: "Memory of an image",
            across: "M rows",
            up: "bytes a row",
            points: image::growth_of_memory(),
        },
        Curve {
            title: "A question to one tenant, with others in memory",
            across: "tenants",
            up: "ms",
            points: tenants().await?,
        },
    ])
}

/// Bar 14 for queries: the last point of the first curve by its first.
fn flat(curves: &[Curve]) -> Bar {
    let points = &curves[0].points;
    let (first, last) = (points[0].1, points[points.len() - 1].1);
    let bar = Bar {
        number: 14,
        name: "query cost against rows outside the asked range and measures (0 to 8 M)".to_owned(),
        goal: "≤ 1.2 ×",
        proud: "flat",
        ours: format!("{last:.2} ms"),
        theirs: format!("{first:.2} ms"),
        figure: last / first,
    };
    bar.told()
}

/// A question's time with more and more tenants in memory.
async fn tenants() -> anyhow::Result<Vec<(f64, f64)>> {
    let server = Server::start_with(&scoreline_tests::server::Engine::Sqlite, &[NOTHING_KEPT]);
    let organisation = Organisation::new(Size::XS, 7);
    let told: Vec<_> = (0..40)
        .flat_map(|account| events::of_family(Size::XS, &organisation.family(account)))
        .collect();
    let (mut points, mut known) = (Vec::new(), 0);
    for count in [1, 4, 16, 64] {
        for tenant in known..count {
            let name = format!("tenant-{tenant}");
            let mut clients = Clients::connect(&server.endpoint(), &name).await?;
            load::create_tenant(&mut clients, &name).await?;
            for batch in told.chunks(1_000) {
                clients.ingest(batch.to_vec()).await?;
            }
            queries::ask(&clients, "q01").await?;
        }
        known = count;
        let clients = Clients::connect(&server.endpoint(), "tenant-0").await?;
        let mut times = Vec::new();
        for _ in 0..10 * MANY {
            times.push(queries::ask(&clients, "q01").await?.0);
        }
        points.push((f64::from(count), median(times)));
    }
    Ok(points)
}

/// The dashboard's bars, at one size.
pub(crate) fn of_dashboard(number: u32, asked: &Asked) -> Option<Bar> {
    let timed = asked.timed.iter().find(|timed| timed.question == "dashboard")?;
    let name = format!("dashboard of 12, size {}, no reuse", asked.size.name);
    against_best(number, name, ("≥ 6 ×", "≥ 12 ×"), timed, FOR_DASHBOARDS)
}

/// Bar 2: the question that does worst.
pub(crate) fn of_singles(asked: &Asked) -> Option<Bar> {
    let singles = asked.timed.iter().filter(|timed| timed.question != "dashboard");
    let worst = singles.min_by(|left, right| left.ratio().total_cmp(&right.ratio()))?;
    let title = questions::title(&worst.question);
    let name = format!("every single question, size {}: the worst, {title}", asked.size.name);
    against_best(2, name, ("≥ 3 ×", "≥ 8 ×"), worst, &[])
}

fn against_best(
    number: u32,
    name: String,
    (goal, proud): (&'static str, &'static str),
    timed: &Timed,
    among: &[&str],
) -> Option<Bar> {
    let (engine, theirs) = timed.best(among)?;
    let bar = Bar {
        number,
        name,
        goal,
        proud,
        ours: format!("{:.2} ms", timed.ours),
        theirs: format!("{engine} {theirs:.1} ms"),
        figure: theirs / timed.ours,
    };
    Some(bar.told())
}

/// A bar that is not about another engine.
fn alone(number: u32, name: &str, (goal, proud): (&'static str, &'static str), ours: String, figure: f64) -> Bar {
    let bar = Bar {
        number,
        name: name.to_owned(),
        goal,
        proud,
        ours,
        theirs: "—".to_owned(),
        figure,
    };
    bar.told()
}
