//! One language's Fluent files: keys, their arguments, and the keys they refer to.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};

use crate::finding::Finding;
use crate::tree::Tree;

/// One message of one language.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its file and line.
    pub place: String,
    /// Names of its `$arguments`.
    pub arguments: BTreeSet<String>,
}

/// One language: messages, and the keys that its own messages refer to.
#[derive(Debug, Default)]
pub struct Language {
    /// Messages by key; terms with their `-`.
    pub messages: BTreeMap<String, Message>,
    /// Keys that messages of this language refer to.
    pub referred: BTreeSet<String>,
}

impl Language {
    /// Reads the Fluent files below a folder; what is no Fluent or stands twice becomes a finding.
    pub fn read(tree: &Tree, folder: &str, findings: &mut Vec<Finding>) -> Self {
        let mut language = Self::default();
        for (path, text) in tree.under(folder, ".ftl") {
            let resource = match fluent_syntax::parser::parse(text) {
                Ok(resource) => resource,
                Err((resource, errors)) => {
                    for error in errors {
                        let line = text.get(..error.pos.start).unwrap_or(text).matches('\n').count() + 1;
                        findings.push(Finding::on_line(path, line, error.to_string()));
                    }
                    resource
                }
            };
            for entry in resource.body {
                let (key, patterns) = match entry {
                    Entry::Message(message) => {
                        let attributes = message.attributes.into_iter().map(|attribute| attribute.value);
                        (
                            message.id.name.to_owned(),
                            message.value.into_iter().chain(attributes).collect(),
                        )
                    }
                    Entry::Term(term) => (format!("-{}", term.id.name), vec![term.value]),
                    _ => continue,
                };
                language.add(path, text, key, patterns, findings);
            }
        }
        if language.messages.is_empty() {
            findings.push(Finding::at(folder, "holds no messages"));
        }
        language
    }

    fn add(
        &mut self,
        path: &str,
        text: &str,
        key: String,
        patterns: Vec<Pattern<&str>>,
        findings: &mut Vec<Finding>,
    ) {
        let begins = |line: &str| {
            line.strip_prefix(&key)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        let line = text.lines().position(begins).map_or(1, |at| at + 1);
        let mut message = Message {
            place: format!("{path}:{line}"),
            arguments: BTreeSet::new(),
        };
        for pattern in &patterns {
            self.read_pattern(pattern, &mut message.arguments);
        }
        if let Some(first) = self.messages.get(&key) {
            findings.push(Finding::at(
                &message.place,
                format!("`{key}` stands already at {}", first.place),
            ));
        }
        self.messages.insert(key, message);
    }

    fn read_pattern(&mut self, pattern: &Pattern<&str>, arguments: &mut BTreeSet<String>) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                self.read_expression(expression, arguments);
            }
        }
    }

    fn read_expression(&mut self, expression: &Expression<&str>, arguments: &mut BTreeSet<String>) {
        match expression {
            Expression::Inline(inline) => self.read_inline(inline, arguments),
            Expression::Select { selector, variants } => {
                self.read_inline(selector, arguments);
                for variant in variants {
                    self.read_pattern(&variant.value, arguments);
                }
            }
        }
    }

    fn read_inline(&mut self, inline: &InlineExpression<&str>, arguments: &mut BTreeSet<String>) {
        let mut call = |language: &mut Self, call: &CallArguments<&str>| {
            let named = call.named.iter().map(|argument| &argument.value);
            for value in call.positional.iter().chain(named) {
                language.read_inline(value, arguments);
            }
        };
        match inline {
            InlineExpression::VariableReference { id } => {
                arguments.insert(id.name.to_owned());
            }
            InlineExpression::MessageReference { id, .. } => {
                self.referred.insert(id.name.to_owned());
            }
            InlineExpression::TermReference {
                id, arguments: given, ..
            } => {
                self.referred.insert(format!("-{}", id.name));
                if let Some(given) = given {
                    call(self, given);
                }
            }
            InlineExpression::FunctionReference { arguments: given, .. } => call(self, given),
            InlineExpression::Placeable { expression } => self.read_expression(expression, arguments),
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        }
    }
}
