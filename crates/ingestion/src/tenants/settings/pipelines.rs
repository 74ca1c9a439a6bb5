//! Pipelines between the wire and the core, where the default pipeline is the first.

use std::collections::BTreeSet;

use scoreline_core::{
    id::Name,
    policy::{ForecastCategory, FunnelPhase, MAX_LIST, Pipeline, Policies, Stage},
};
use scoreline_proto::{Reason, reader::Reader, tenants::v1 as wire};

/// Reads pipelines; none: the default one.
pub(super) fn read(reader: &mut Reader, pipelines: &[wire::Pipeline]) -> Vec<Pipeline> {
    if pipelines.is_empty() {
        return Policies::default().pipelines;
    }
    if !reader.at_most("pipelines", pipelines.len(), MAX_LIST) {
        return Vec::new();
    }
    let mut names = BTreeSet::new();
    let mut default = None;
    let mut read = reader.each("pipelines", pipelines, |reader, wire| {
        let name = unique(reader, &mut names, &wire.name);
        let stages = stages(reader, &wire.stages);
        if wire.default && default.replace(wire.name.clone()).is_some() {
            reader.fault("default", Reason::Repeated, "another pipeline is the default already");
        }
        Some(Pipeline { name: name?, stages })
    });
    if let Some(at) = default.and_then(|name| read.iter().position(|pipeline| pipeline.name.as_str() == name)) {
        read[..=at].rotate_right(1);
    }
    read
}

/// Reads a name that no neighbour has.
pub(super) fn unique(reader: &mut Reader, names: &mut BTreeSet<Name>, text: &str) -> Option<Name> {
    let name: Name = reader.required("name", text)?;
    if !names.insert(name.clone()) {
        reader.fault("name", Reason::Repeated, format!("{:?} is given twice", name.as_str()));
    }
    Some(name)
}

fn stages(reader: &mut Reader, stages: &[wire::Stage]) -> Vec<Stage> {
    if stages.is_empty() {
        reader.fault("stages", Reason::TooFew, format!("must have 1 to {MAX_LIST} elements"));
    }
    if !reader.at_most("stages", stages.len(), MAX_LIST) {
        return Vec::new();
    }
    let mut names = BTreeSet::new();
    reader.each("stages", stages, |reader, wire| {
        let name = unique(reader, &mut names, &wire.name);
        let stated = !wire.probability.is_empty();
        let probability_ppm = stated.then(|| reader.share("probability", &wire.probability)).flatten();
        let phase = reader.choice("funnel_phase", wire.funnel_phase, phase);
        let forecast = reader.choice("forecast_category", wire.forecast_category, forecast);
        Some(Stage {
            name: name?,
            probability_ppm,
            phase,
            forecast,
        })
    })
}

fn phase(phase: wire::FunnelPhase) -> Option<FunnelPhase> {
    match phase {
        wire::FunnelPhase::Unspecified => None,
        wire::FunnelPhase::Awareness => Some(FunnelPhase::Awareness),
        wire::FunnelPhase::Consideration => Some(FunnelPhase::Consideration),
        wire::FunnelPhase::Decision => Some(FunnelPhase::Decision),
    }
}

fn forecast(category: wire::ForecastCategory) -> Option<ForecastCategory> {
    match category {
        wire::ForecastCategory::Unspecified => None,
        wire::ForecastCategory::Omitted => Some(ForecastCategory::Omitted),
        wire::ForecastCategory::Pipeline => Some(ForecastCategory::Pipeline),
        wire::ForecastCategory::BestCase => Some(ForecastCategory::BestCase),
        wire::ForecastCategory::Commit => Some(ForecastCategory::Commit),
    }
}

/// Writes pipelines.
pub(super) fn write(pipelines: &[Pipeline]) -> Vec<wire::Pipeline> {
    let pipeline = |(at, pipeline): (usize, &Pipeline)| wire::Pipeline {
        name: pipeline.name.to_string(),
        default: at == 0,
        stages: pipeline.stages.iter().map(stage).collect(),
    };
    pipelines.iter().enumerate().map(pipeline).collect()
}

fn stage(stage: &Stage) -> wire::Stage {
    let phase = match stage.phase {
        None => wire::FunnelPhase::Unspecified,
        Some(FunnelPhase::Awareness) => wire::FunnelPhase::Awareness,
        Some(FunnelPhase::Consideration) => wire::FunnelPhase::Consideration,
        Some(FunnelPhase::Decision) => wire::FunnelPhase::Decision,
    };
    let forecast = match stage.forecast {
        None => wire::ForecastCategory::Unspecified,
        Some(ForecastCategory::Omitted) => wire::ForecastCategory::Omitted,
        Some(ForecastCategory::Pipeline) => wire::ForecastCategory::Pipeline,
        Some(ForecastCategory::BestCase) => wire::ForecastCategory::BestCase,
        Some(ForecastCategory::Commit) => wire::ForecastCategory::Commit,
    };
    wire::Stage {
        name: stage.name.to_string(),
        probability: stage.probability_ppm.map(fraction).unwrap_or_default(),
        funnel_phase: phase.into(),
        forecast_category: forecast.into(),
    }
}

/// Millionths as a decimal fraction.
fn fraction(ppm: u32) -> String {
    let text = format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_has_the_places_that_it_needs() {
        for (ppm, text) in [(0, "0"), (1, "0.000001"), (250_000, "0.25"), (1_000_000, "1")] {
            assert_eq!(fraction(ppm), text);
        }
    }
}
