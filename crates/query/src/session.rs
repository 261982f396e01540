//! The two sessions: one that plans SQL and knows nothing but the permit's tables and our functions,
//! one that executes plans and has no catalogue, no formats and no files.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroUsize,
    sync::Arc,
};

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::{
    common::{DataFusionError, Result, TableReference, config::ConfigOptions, plan_err},
    datasource::provider_as_source,
    execution::{
        SessionState, SessionStateBuilder,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::GreedyMemoryPool,
        runtime_env::RuntimeEnvBuilder,
    },
    functions::{datetime::planner::DatetimeFunctionPlanner, unicode::planner::UnicodeFunctionPlanner},
    functions_aggregate::planner::AggregateFunctionPlanner,
    functions_window::planner::WindowFunctionPlanner,
    logical_expr::{
        AggregateUDF, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, WindowUDF, planner::ExprPlanner,
    },
    prelude::SessionConfig,
    sql::{
        parser::Statement,
        planner::{ContextProvider, ParserOptions, SqlToRel},
    },
};

use crate::{provider::PlannedTable, vocabulary};

/// Plans SQL over the permit's tables. There is no registry to fall back on: a name that is not in
/// here does not exist.
pub(crate) struct Planner {
    sources: BTreeMap<String, Arc<dyn TableSource>>,
    scalars: HashMap<String, Arc<ScalarUDF>>,
    aggregates: HashMap<String, Arc<AggregateUDF>>,
    windows: HashMap<String, Arc<WindowUDF>>,
    expr_planners: Vec<Arc<dyn ExprPlanner>>,
    options: ConfigOptions,
}

impl Planner {
    /// A planner over these tables, by name, with the schema an analyst may name.
    pub fn new(tables: &BTreeMap<String, SchemaRef>) -> Self {
        let source = |schema: &SchemaRef| {
            provider_as_source(Arc::new(PlannedTable {
                schema: Arc::clone(schema),
            }))
        };
        Self {
            sources: tables
                .iter()
                .map(|(name, schema)| (name.clone(), source(schema)))
                .collect(),
            scalars: by_name(vocabulary::scalars(), |f| {
                (f.name().to_owned(), f.aliases().to_vec())
            }),
            aggregates: by_name(vocabulary::aggregates(), |f| {
                (f.name().to_owned(), f.aliases().to_vec())
            }),
            windows: by_name(vocabulary::windows(), |f| {
                (f.name().to_owned(), f.aliases().to_vec())
            }),
            expr_planners: vec![
                Arc::new(DatetimeFunctionPlanner),
                Arc::new(UnicodeFunctionPlanner),
                Arc::new(AggregateFunctionPlanner),
                Arc::new(WindowFunctionPlanner),
            ],
            options: ConfigOptions::new(),
        }
    }

    /// The logical plan of one statement, before analysis and optimisation.
    pub fn plan(&self, statement: Statement) -> Result<LogicalPlan> {
        let options = ParserOptions {
            collect_spans: true,
            // Text columns of the lake are Utf8; casts to text give the same type.
            map_string_types_to_utf8view: false,
            ..ParserOptions::default()
        };
        SqlToRel::new_with_options(self, options).statement_to_plan(statement)
    }
}

fn by_name<F>(all: Vec<Arc<F>>, names: impl Fn(&F) -> (String, Vec<String>)) -> HashMap<String, Arc<F>> {
    let mut map = HashMap::new();
    for function in all {
        let (name, aliases) = names(&function);
        for name in std::iter::once(name).chain(aliases) {
            map.insert(name, Arc::clone(&function));
        }
    }
    map
}

impl ContextProvider for Planner {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        match &name {
            TableReference::Bare { table } => match self.sources.get(table.as_ref()) {
                Some(source) => Ok(Arc::clone(source)),
                None => plan_err!("table not granted"),
            },
            TableReference::Partial { .. } | TableReference::Full { .. } => plan_err!("table not granted"),
        }
    }
    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.expr_planners
    }
    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.scalars.get(name).cloned()
    }
    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }
    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.aggregates.get(name).cloned()
    }
    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.windows.get(name).cloned()
    }
    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }
    fn options(&self) -> &ConfigOptions {
        &self.options
    }
    // The lists serve suggestions in error texts only; ours are written elsewhere.
    fn udf_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn udaf_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn udwf_names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A session that runs finished plans: no functions by name, no catalogue, no file formats, and no
/// disk, since spilled rows would be raw data in the clear.
///
/// # Errors
/// When the engine below refuses its own configuration.
pub(crate) fn executor(memory_bytes: usize, partitions: NonZeroUsize) -> Result<SessionState> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(memory_bytes)))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .build_arc()?;
    let config = SessionConfig::new()
        .with_target_partitions(partitions.get())
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(false);
    Ok(SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .build())
}

/// The kind of an error of the engine below, without its text.
pub(crate) fn kind(error: &DataFusionError) -> &'static str {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => "resources",
        DataFusionError::ArrowError(..) => "arrow",
        DataFusionError::Execution(_) => "execution",
        DataFusionError::Plan(_) | DataFusionError::SchemaError(..) => "plan",
        DataFusionError::External(_) => "storage",
        _ => "other",
    }
}
