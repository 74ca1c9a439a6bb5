//! Text in columns, with colours where a person wants them.

/// How a piece of text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it is.
    Plain,
    /// For the better.
    Good,
    /// For the worse.
    Bad,
    /// Beside the point.
    Faint,
}

/// A piece of text in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) tone: Tone,
}

impl Piece {
    pub(super) fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Tone::Plain)
    }

    pub(super) fn faint(text: impl Into<String>) -> Self {
        Self::new(text, Tone::Faint)
    }
}

/// Widths of columns; a positive one for text on the left, a negative one for numbers on the right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) widths: &'a [i32],
    pub(super) colours: bool,
}

impl Columns<'_> {
    /// Pieces side by side. What is too long for its column is cut.
    pub(super) fn line(&self, pieces: &[Piece]) -> String {
        let mut line = String::new();
        for (piece, width) in pieces.iter().zip(self.widths) {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&self.fitted(piece, *width));
        }
        line.trim_end().to_owned()
    }

    /// Headers of the columns, and a rule below them.
    pub(super) fn head(&self, headers: &[&str]) -> String {
        let pieces: Vec<Piece> = headers.iter().map(|header| Piece::faint(*header)).collect();
        let width: usize = self.widths.iter().map(|width| width.unsigned_abs() as usize + 1).sum();
        format!(
            "{}\n{}",
            self.line(&pieces),
            painted(&"─".repeat(width - 1), Tone::Faint, self.colours)
        )
    }

    fn fitted(&self, piece: &Piece, width: i32) -> String {
        let room = width.unsigned_abs() as usize;
        let length = piece.text.chars().count();
        let text = if length > room {
            let kept: String = piece.text.chars().take(room - 1).collect();
            format!("{kept}…")
        } else {
            piece.text.clone()
        };
        let blank = " ".repeat(room.saturating_sub(length));
        let text = painted(&text, piece.tone, self.colours);
        if width < 0 { blank + &text } else { text + &blank }
    }
}

fn painted(text: &str, tone: Tone, colours: bool) -> String {
    let code = match tone {
        Tone::Plain => return text.to_owned(),
        _ if !colours || text.is_empty() => return text.to_owned(),
        Tone::Good => "32",
        Tone::Bad => "31",
        Tone::Faint => "2",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_their_places_with_colours_and_without() {
        let pieces = [
            Piece::plain("Win rate"),
            Piece::new("▲ 3.0 %", Tone::Good),
            Piece::faint("12 345 678"),
        ];
        let plain = Columns {
            widths: &[10, -9, -6],
            colours: false,
        }
        .line(&pieces);
        assert_eq!(plain, "Win rate     ▲ 3.0 % 12 34…");
        let painted = Columns {
            widths: &[10, -9, -6],
            colours: true,
        }
        .line(&pieces);
        assert_eq!(
            painted,
            "Win rate     \u{1b}[32m▲ 3.0 %\u{1b}[0m \u{1b}[2m12 34…\u{1b}[0m"
        );
    }
}
