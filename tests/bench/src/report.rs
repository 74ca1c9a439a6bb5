//! The report: what was measured, as Markdown.

use std::fmt::Write as _;

use crate::{
    analytics::{self, Asked, Curve, Measured},
    bar::Bar,
    engines, questions,
};

/// How wide a bar of a chart is at most.
const WIDTH: f64 = 40.0;

pub(crate) struct Report {
    seed: u64,
    small: Asked,
    large: Measured,
    bars: Vec<Bar>,
}

impl Report {
    pub(crate) fn new(seed: u64, small: Asked, large: Measured) -> Self {
        let mut bars: Vec<Bar> = analytics::of_dashboard(1, &large.asked).into_iter().collect();
        bars.extend(analytics::of_singles(&large.asked));
        bars.extend(analytics::of_dashboard(3, &small));
        bars.extend(large.bars.iter().cloned());
        let mut report = Self {
            seed,
            small,
            large,
            bars: Vec::new(),
        };
        report.add(bars);
        report
    }

    pub(crate) fn add(&mut self, bars: Vec<Bar>) {
        self.bars.extend(bars);
        self.bars.sort_by_key(|bar| bar.number);
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::from("# Benchmarks\n\n");
        let _ = writeln!(
            text,
            "Written by `just bench`. Seed {}, sizes {} ({:.1} M rows of the ledger) and {} ({:.1} M); {}; {}.\n\n\
             Ratios of medians taken in one interleaved run, all answers checked to be equal first. Ours through gRPC on \
             loopback with the answer decoded, theirs in process. Engines: {}; PostgreSQL with {}.\n",
            self.seed,
            self.small.size.name,
            self.small.rows as f64 / 1e6,
            self.large.asked.size.name,
            self.large.asked.rows as f64 / 1e6,
            machine(),
            jiff::Timestamp::now().strftime("%Y-%m-%d"),
            self.small.engines.join(", "),
            engines::POSTGRES.join(", ")
        );
        text.push_str(
            "Why a bar is not met, and what was tried, stands in [`tests/bench/PROFILES.md`](tests/bench/PROFILES.md).\n\n\
             ## Bars\n\n| # | bar | goal | proud | ours | theirs | figure |\n|---|---|---|---|---|---|---|\n",
        );
        for bar in &self.bars {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {:.2} |",
                bar.number, bar.name, bar.goal, bar.proud, bar.ours, bar.theirs, bar.figure
            );
        }
        asked(&mut text, &self.small);
        asked(&mut text, &self.large.asked);
        text.push_str("\n## Growth\n");
        for curve in &self.large.curves {
            chart(&mut text, curve);
        }
        text
    }
}

fn asked(text: &mut String, asked: &Asked) {
    let names: Vec<&str> = asked.timed.first().map_or(Vec::new(), |timed| {
        timed.theirs.iter().map(|(name, _)| name.as_str()).collect()
    });
    let _ = writeln!(text, "\n## Questions at size {}, in milliseconds\n", asked.size.name);
    let _ = writeln!(text, "| question | Scoreline | {} | best ÷ ours |", names.join(" | "));
    let _ = writeln!(text, "|---|---|{}---|", "---|".repeat(names.len()));
    for timed in &asked.timed {
        let theirs: Vec<String> = timed.theirs.iter().map(|(_, time)| format!("{time:.1}")).collect();
        let _ = writeln!(
            text,
            "| {} | {:.2} | {} | {:.1} |",
            questions::title(&timed.question),
            timed.ours,
            theirs.join(" | "),
            timed.ratio()
        );
    }
}

fn chart(text: &mut String, curve: &Curve) {
    let highest = curve.points.iter().map(|point| point.1).fold(0.0, f64::max);
    let _ = writeln!(
        text,
        "\n{}: {} against {}\n\n```text",
        curve.title, curve.up, curve.across
    );
    for (across, up) in &curve.points {
        let length = (up / highest * WIDTH).round() as usize;
        let _ = writeln!(text, "{across:8.1} {} {up:.2}", "█".repeat(length));
    }
    text.push_str("```\n");
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown processor");
    format!("{cores} cores of {}", model.trim_start_matches([' ', '\t', ':']))
}
