//! One binary for all tests of the query engine: DataFusion is linked once.

mod answers;
mod attacks;
mod drift;
mod fixture;
mod refusals;
mod vocabulary;
