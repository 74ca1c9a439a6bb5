//! The words of the language.

use crate::rational::Rational;

use super::span::{Fault, Problem, Span};

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a keyword; `quoted` when it stood in backquotes and is never a keyword.
    Word { text: String, quoted: bool },
    /// `$name`.
    Parameter(String),
    /// A decimal number.
    Number(Rational),
    /// A text in double quotes.
    Text(String),
    /// A sign: `+ - * / ( ) , = != `.
    Sign(&'static str),
    /// The end of the expression.
    End,
}

impl Token {
    /// How it is called in an error.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Word { text, .. } => format!("`{text}`"),
            Self::Parameter(name) => format!("`${name}`"),
            Self::Number(number) => format!("`{number}`"),
            Self::Text(text) => format!("\"{text}\""),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// A word and its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) span: Span,
}

const SIGNS: [&str; 9] = ["!=", "+", "-", "*", "/", "(", ")", ",", "="];

/// Cuts a text into words; the last is always [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            found.push(Placed {
                token: Token::End,
                span: Span { start: at, end: at },
            });
            return Ok(found);
        };
        let (token, length) = next(rest, first).map_err(|fault| shift(fault, at))?;
        found.push(Placed {
            token,
            span: Span {
                start: at,
                end: at + length,
            },
        });
        at += length;
    }
}

fn shift(fault: Fault, by: usize) -> Fault {
    Fault {
        span: Span {
            start: fault.span.start + by,
            end: fault.span.end + by,
        },
        ..fault
    }
}

fn next(rest: &str, first: char) -> Result<(Token, usize), Fault> {
    if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    match first {
        '"' | '`' => quoted(rest, first),
        '0'..='9' => number(rest),
        '$' => {
            let length = word_length(&rest[1..]);
            if length == 0 {
                return Err(unexpected("`$`", "a parameter's name after `$`", 1));
            }
            Ok((Token::Parameter(rest[1..=length].to_owned()), length + 1))
        }
        _ if is_word(first) => {
            let length = word_length(rest);
            Ok((
                Token::Word {
                    text: rest[..length].to_owned(),
                    quoted: false,
                },
                length,
            ))
        }
        other => Err(unexpected(
            &format!("{other:?}"),
            "a name, a number, a text or a sign",
            other.len_utf8(),
        )),
    }
}

fn unexpected(found: &str, expected: &str, length: usize) -> Fault {
    let problem = Problem::Unexpected {
        found: found.to_owned(),
        expected: expected.to_owned(),
    };
    Fault::new(problem, Span { start: 0, end: length })
}

/// Whether a character belongs to a name that needs no backquotes.
pub(super) fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '@')
}

fn word_length(rest: &str) -> usize {
    rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())
}

/// A text or a name in quotes; `\` before a quote or another `\` takes its meaning away.
fn quoted(rest: &str, quote: char) -> Result<(Token, usize), Fault> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some((_, escaped)) if escaped == quote || escaped == '\\' => text.push(escaped),
                _ => return Err(unexpected("`\\`", "a quote or `\\` after `\\`", at + 1)),
            },
            _ if letter == quote => {
                let token = if quote == '"' {
                    Token::Text(text)
                } else {
                    Token::Word { text, quoted: true }
                };
                return Ok((token, at + 1));
            }
            _ => text.push(letter),
        }
    }
    Err(unexpected("the end", &format!("a closing {quote}"), rest.len()))
}

fn number(rest: &str) -> Result<(Token, usize), Fault> {
    let length = rest
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(rest.len());
    let text = &rest[..length];
    match decimal(text) {
        Some(value) => Ok((Token::Number(value), length)),
        None => Err(unexpected(
            &format!("`{text}`"),
            "a decimal number of at most 18 digits",
            length,
        )),
    }
}

/// Reads a decimal without sign, of at most 18 digits.
pub(crate) fn decimal(text: &str) -> Option<Rational> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    let plain = !whole.is_empty() && digits.len() <= 18 && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !plain || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    let places = u32::try_from(fraction.len()).ok()?;
    Rational::new(digits.parse().ok()?, 10_i128.pow(places)).ok()
}
