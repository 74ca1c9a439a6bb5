//! From words to the syntax tree, by recursive descent.

use super::{
    functions,
    span::{Fault, Problem, Span},
    token::{Placed, Token},
    tree::{Kind, Node, Operator},
};

/// Reads words until the end.
pub(super) struct Parser {
    words: Vec<Placed>,
    at: usize,
    depth: usize,
    nodes: usize,
}

pub(super) type Parsed<T> = Result<T, Fault>;

impl Parser {
    pub(super) fn new(words: Vec<Placed>) -> Self {
        Self {
            words,
            at: 0,
            depth: 0,
            nodes: 0,
        }
    }

    /// The whole expression.
    pub(super) fn whole(mut self) -> Parsed<Node> {
        let node = self.expression()?;
        match self.peek() {
            Token::End => Ok(node),
            _ => Err(self.unexpected("an operator or the end")),
        }
    }

    /// Sums and differences, from the left.
    pub(super) fn expression(&mut self) -> Parsed<Node> {
        let mut left = self.term()?;
        while let Some(operator) = self.operator([("+", Operator::Add), ("-", Operator::Subtract)]) {
            let right = self.term()?;
            left = self.binary(operator, left, right)?;
        }
        Ok(left)
    }

    fn term(&mut self) -> Parsed<Node> {
        let mut left = self.factor()?;
        while let Some(operator) = self.operator([("*", Operator::Multiply), ("/", Operator::Divide)]) {
            let right = self.factor()?;
            left = self.binary(operator, left, right)?;
        }
        Ok(left)
    }

    fn binary(&mut self, operator: Operator, left: Node, right: Node) -> Parsed<Node> {
        let span = left.span.to(right.span);
        self.node(Kind::Binary(operator, Box::new(left), Box::new(right)), span)
    }

    fn operator(&mut self, signs: [(&str, Operator); 2]) -> Option<Operator> {
        signs
            .into_iter()
            .find(|(sign, _)| self.take_sign(sign))
            .map(|(_, operator)| operator)
    }

    fn factor(&mut self) -> Parsed<Node> {
        self.depth += 1;
        if self.depth > super::MAX_DEPTH {
            return Err(Fault::new(Problem::TooDeep, self.place()));
        }
        let node = self.primary();
        self.depth -= 1;
        node
    }

    fn primary(&mut self) -> Parsed<Node> {
        let start = self.place();
        if self.take_sign("-") {
            let inner = self.factor()?;
            let span = start.to(inner.span);
            return self.node(Kind::Negate(Box::new(inner)), span);
        }
        if self.take_sign("(") {
            let inner = self.expression()?;
            self.sign(")")?;
            return Ok(inner);
        }
        match self.peek().clone() {
            Token::Number(number) => {
                self.advance();
                self.node(Kind::Number(number), start)
            }
            Token::Parameter(name) => {
                self.advance();
                self.node(Kind::Parameter(name), start)
            }
            Token::Word { text, .. } => {
                self.advance();
                if self.take_sign("(") {
                    let kind = functions::call(self, &text, start)?;
                    let end = self.place();
                    self.sign(")")?;
                    return self.node(kind, start.to(end));
                }
                self.node(Kind::Metric(text), start)
            }
            _ => Err(self.unexpected("a number, a parameter, a metric, a function or `(`")),
        }
    }

    fn node(&mut self, kind: Kind, span: Span) -> Parsed<Node> {
        self.nodes += 1;
        if self.nodes > super::MAX_NODES {
            return Err(Fault::new(Problem::TooManyNodes, span));
        }
        Ok(Node { kind, span })
    }

    pub(super) fn peek(&self) -> &Token {
        &self.words[self.at].token
    }

    /// Where the next word stands.
    pub(super) fn place(&self) -> Span {
        self.words[self.at].span
    }

    /// Goes on to the next word; the end is never passed.
    pub(super) fn advance(&mut self) {
        self.at = (self.at + 1).min(self.words.len() - 1);
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(next) if *next == sign);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Token::Word { text, quoted: false } if text == keyword);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn sign(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{sign}`")))
        }
    }

    pub(super) fn keyword(&mut self, keyword: &str) -> Parsed<()> {
        if self.take_keyword(keyword) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{keyword}`")))
        }
    }

    /// A name, in backquotes or not.
    pub(super) fn word(&mut self, expected: &str) -> Parsed<(String, Span)> {
        let span = self.place();
        match self.peek().clone() {
            Token::Word { text, .. } => {
                self.advance();
                Ok((text, span))
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    pub(super) fn unexpected(&self, expected: &str) -> Fault {
        let problem = Problem::Unexpected {
            found: self.peek().shown(),
            expected: expected.to_owned(),
        };
        Fault::new(problem, self.place())
    }
}
