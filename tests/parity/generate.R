# Writes the reference values: one expected/<topic>.json for each r/<topic>.R.
#
#   Rscript tests/parity/generate.R            all topics
#   Rscript tests/parity/generate.R alpha      one topic
#
# Run by hand when a case is added; ordinary tests only read the JSON. A topic file calls
# case(id, statistic, call, values): `call` is the R code as a user would type it, `values`
# a named list of numbers, named vectors, matrices or data frames (with row names).

suppressMessages({
  library(jsonlite)
})

here <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))))
read_data <- function(name) read.csv(file.path(here, "..", "data", name))

# Matrices and data frames travel as {rows, columns, values} so that names survive.
plain <- function(x) {
  if (is.data.frame(x)) x <- data.matrix(x)
  if (is.matrix(x)) {
    class(x) <- "matrix"
    return(list(rows = rownames(x), columns = colnames(x), values = unname(x)))
  }
  if (is.list(x)) return(lapply(x, plain))
  if (!is.null(names(x))) return(lapply(as.list(x), unbox))
  if (length(x) == 1) unbox(x) else x
}

run_topic <- function(path) {
  cases <- list()
  env <- new.env(parent = globalenv())
  env$read_data <- read_data
  env$case <- function(id, statistic, call, values) {
    cases[[length(cases) + 1]] <<- list(
      id = unbox(id), statistic = unbox(statistic), call = unbox(call), values = plain(values)
    )
  }
  sys.source(path, envir = env)
  used <- setdiff(loadedNamespaces(), c(rownames(installed.packages(priority = "base"))))
  versions <- lapply(setNames(used, used), function(p) unbox(as.character(packageVersion(p))))
  wanted <- c("psych", "psychTools", "GPArotation", "lavaan", "semTools", "multilevel",
              "lme4", "Rcsdp", "sandwich", "mgcv", "pROC")
  out <- list(
    versions = c(list(R = unbox(as.character(getRversion()))), versions[intersect(wanted, used)]),
    cases = cases
  )
  target <- file.path(here, "expected", sub("\\.R$", ".json", basename(path)))
  write(toJSON(out, digits = NA, na = "null", null = "null", pretty = TRUE), target)
  cat(length(cases), "cases ->", target, "\n")
}

asked <- commandArgs(TRUE)
topics <- list.files(file.path(here, "r"), pattern = "\\.R$", full.names = TRUE)
if (length(asked)) topics <- topics[sub("\\.R$", "", basename(topics)) %in% asked]
for (topic in topics) run_topic(topic)
