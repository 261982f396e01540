//! One binary for all tests of the query engine: DataFusion is linked once.
#![expect(clippy::too_many_lines, reason = "a test tells a whole story")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod answers;
mod arguments;
mod attacks;
mod classes;
mod dice;
mod dp;
mod drift;
mod explained;
mod extremes;
mod fixture;
mod fusion;
mod holes;
mod hostile;
mod margins;
mod membership;
mod membership_attacks;
mod missing;
mod moments;
mod neighbours;
mod people;
mod permits;
mod port;
mod quantiles;
mod refusals;
mod row_policy;
mod rules;
mod scored;
mod seams;
mod small;
mod snout;
mod stage_attacks;
mod stages;
mod together;
mod told;
mod total;
mod unions;
mod vocabulary;
