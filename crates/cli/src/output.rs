//! What the program says: results on standard output, everything else on standard error.
//!
//! A reader that went away (`| head`) is no problem: the program stops quietly.

use std::{
    fmt,
    io::{self, IsTerminal as _, Write as _},
    process,
};

use anyhow::Context as _;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use prost::{Message, Name};
use prost_reflect::{DynamicMessage, SerializeOptions};
use tonic::Status;
use tonic_types::StatusExt as _;

/// Writes a line of the result.
pub(crate) fn line(text: impl fmt::Display) {
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}") {
        stop(&error);
    }
}

/// Writes a text of the result as it is.
pub(crate) fn text(text: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        stop(&error);
    }
}

/// Writes a line that is not part of the result.
pub(crate) fn note(text: impl fmt::Display) {
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Tells what went wrong, and why, as far as the causes know.
pub(crate) fn problem(error: &anyhow::Error) {
    let mut last = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let told = match cause.downcast_ref::<Status>() {
            Some(status) => status_text(status),
            None => cause.to_string(),
        };
        // Many errors repeat their cause in their own text.
        if depth == 0 {
            note(format_args!("error: {told}"));
        } else if !last.contains(&told) {
            note(format_args!("  because: {told}"));
        }
        last = told;
        if cause.is::<Status>() {
            break;
        }
    }
}

/// A status as lines for people: its sentence, its reason, and every field to mend.
pub(crate) fn status_text(status: &Status) -> String {
    let details = status.get_error_details();
    let mut lines = vec![status.message().to_owned()];
    if status.message().is_empty() {
        lines[0] = status.code().description().to_owned();
    }
    let code = format!("{:?}", status.code());
    match details.error_info() {
        Some(info) => {
            let metadata: String = info
                .metadata
                .iter()
                .map(|(key, value)| format!(", {key} {value}"))
                .collect();
            lines[0].push_str(&format!(" ({code}, {}{metadata})", info.reason));
        }
        None => lines[0].push_str(&format!(" ({code})")),
    }
    if let Some(request) = details.bad_request() {
        let violations = request.field_violations.iter();
        lines.extend(violations.map(|violation| format!("  {}: {}", violation.field, violation.description)));
    }
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        lines.push(format!("  try again in {} ms", delay.as_millis()));
    }
    if let Some(request) = details.request_info() {
        lines.push(format!("  request {}", request.request_id));
    }
    lines.join("\n")
}

/// A message of the contracts as its canonical JSON, defaults left out.
///
/// # Errors
/// When the message is none of the contracts.
pub(crate) fn json<M: Message + Name>(message: &M) -> anyhow::Result<serde_json::Value> {
    let name = M::full_name();
    let descriptor = scoreline_proto::json::message(&name).with_context(|| format!("no contract has {name}"))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
    let options = SerializeOptions::new();
    Ok(dynamic.serialize_with_options(serde_json::value::Serializer, &options)?)
}

/// A message of the contracts from its canonical JSON.
///
/// # Errors
/// When the JSON has a name or a value that does not belong there.
pub(crate) fn from_json<M: Message + Name + Default>(json: serde_json::Value) -> anyhow::Result<M> {
    let name = M::full_name();
    let descriptor = scoreline_proto::json::message(&name).with_context(|| format!("no contract has {name}"))?;
    Ok(DynamicMessage::deserialize(descriptor, json)?.transcode_to()?)
}

/// A table of text: headers, and which columns hold numbers.
pub(crate) struct Columns {
    table: Table,
    numbers: Vec<bool>,
}

impl Columns {
    /// An empty table. A header that begins with `>` heads a column of numbers.
    pub(crate) fn new(headers: &[&str]) -> Self {
        let numbers: Vec<bool> = headers.iter().map(|header| header.starts_with('>')).collect();
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Disabled);
        let cells = headers
            .iter()
            .map(|header| header.trim_start_matches('>'))
            .zip(&numbers);
        table.set_header(cells.map(|(header, number)| cell(header, *number)).collect::<Vec<_>>());
        Self { table, numbers }
    }

    /// Adds a row.
    pub(crate) fn row<T: AsRef<str>>(&mut self, values: &[T]) {
        let cells = values
            .iter()
            .zip(&self.numbers)
            .map(|(value, number)| cell(value.as_ref(), *number));
        self.table.add_row(cells.collect::<Vec<_>>());
    }

    /// The table as text, without trailing blanks.
    pub(crate) fn render(&self) -> String {
        self.table
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn cell(text: &str, number: bool) -> Cell {
    let cell = Cell::new(text);
    if number {
        cell.set_alignment(CellAlignment::Right)
    } else {
        cell
    }
}

/// Whether standard output is a person's terminal that wants colour.
pub(crate) fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The text in bold, where that is wanted.
pub(crate) fn bold(text: &str) -> String {
    if colours() {
        format!("\u{1b}[1m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

fn stop(error: &io::Error) -> ! {
    if error.kind() != io::ErrorKind::BrokenPipe {
        note(format_args!("error: standard output: {error}"));
        process::exit(1);
    }
    process::exit(0)
}

#[cfg(test)]
mod tests {
    use scoreline_proto::types::v1::Money;
    use tonic::Code;
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn a_status_tells_its_reason_and_every_field() {
        let mut details = ErrorDetails::with_bad_request_violation("range.end", "is before range.start");
        details.set_error_info("RANGE_EMPTY", "scoreline.dev", [("limit".to_owned(), "3".to_owned())]);
        let status = Status::with_error_details(Code::InvalidArgument, "the range is empty", details);
        assert_eq!(
            status_text(&status),
            "the range is empty (InvalidArgument, RANGE_EMPTY, limit 3)\n  range.end: is before range.start"
        );
    }

    #[test]
    fn a_status_without_a_sentence_still_says_something() {
        assert!(status_text(&Status::new(Code::Unavailable, "")).contains("Unavailable"));
    }

    #[test]
    fn messages_travel_through_json() {
        let money = Money {
            currency_code: "EUR".into(),
            units: 5,
            nanos: 500_000_000,
        };
        let written = json(&money).expect("a message of the contracts");
        assert_eq!(written["units"], "5");
        assert_eq!(from_json::<Money>(written).expect("what was written"), money);
    }

    #[test]
    fn numbers_stand_on_the_right() {
        let mut columns = Columns::new(&["name", ">n"]);
        columns.row(&["a", "1"]);
        columns.row(&["b", "22"]);
        let rendered = columns.render();
        assert!(rendered.lines().any(|line| line.ends_with(" 1")), "{rendered}");
        assert!(rendered.lines().any(|line| line.ends_with("22")), "{rendered}");
    }
}
