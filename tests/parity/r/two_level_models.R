suppressMessages(library(lavaan))

# lavaan stops the EM algorithm of its saturated model where ln L rises by less than 1e-4, which
# leaves χ² and SRMR some digits short. Here it goes on to 1e-10, and nothing else is changed.
search <- lavaan:::lav_mvnorm_cluster_em_sat
known <- list()
further <- function(YLp = NULL, Lp = NULL, verbose = TRUE, tol = 1e-04, max.iter = 5000L, min.variance = 1e-05) {
  for (one in known) if (identical(one$YLp, YLp) && identical(one$Lp, Lp)) return(one$found)
  found <- search(YLp = YLp, Lp = Lp, verbose = verbose, tol = 1e-10, max.iter = 5000L, min.variance = min.variance)
  known[[length(known) + 1]] <<- list(YLp = YLp, Lp = Lp, found = found)
  found
}
assignInNamespace("lav_mvnorm_cluster_em_sat", further, "lavaan")

data <- list(clustered = read_data("clustered.csv"), schools = read_data("schools.csv"))
# Scores of lavaan's MLR leave out that a level-1 predictor with a mean moves those of the answers.
data$schools$minutes <- data$schools$minutes - mean(data$schools$minutes)
cluster <- c(clustered = "team", schools = "school")
models <- list(
  one = "level: 1\nfw =~ y1 + y2 + y3 + y4\nlevel: 2\nfb =~ y1 + y2 + y3 + y4",
  six = "level: 1\nfw =~ y1 + y2 + y3 + y4 + y5 + y6\nlevel: 2\nfb =~ y1 + y2 + y3 + y4 + y5 + y6",
  two = "level: 1\naw =~ y1 + y2 + y3\nbw =~ y4 + y5 + y6\nlevel: 2\nab =~ y1 + y2 + y3\nbb =~ y4 + y5 + y6",
  equal = "level: 1\naw =~ y1 + a*y2 + b*y3\nbw =~ y4 + c*y5 + d*y6\naw ~~ wa*aw\nlevel: 2\nab =~ y1 + a*y2 + b*y3\nbb =~ y4 + c*y5 + d*y6\nab ~~ ba*ab\nshare := ba / (ba + wa)",
  fewer = "level: 1\naw =~ y1 + y2 + y3\nbw =~ y4 + y5 + y6\nlevel: 2\nfb =~ y1 + y2 + y3 + y4 + y5 + y6",
  free = "level: 1\nfw =~ y1 + y2 + y3 + y4\nlevel: 2\ny1 ~~ y1 + y2 + y3 + y4\ny2 ~~ y2 + y3 + y4\ny3 ~~ y3 + y4\ny4 ~~ y4",
  regression = "level: 1\nfw =~ y1 + y2 + y3\nfw ~ minutes\nlevel: 2\nfb =~ y1 + y2 + y3\nfb ~ support + climate",
  alone = "level: 1\nfw =~ y1 + y2 + y3 + y5 + minutes\nlevel: 2\nfb =~ y1 + y2 + y3\nfb ~~ climate",
  outcome = "level: 1\naw =~ y1 + y2 + y3\nbw =~ y4 + y5 + y6\nbw ~ w*aw + minutes\nlevel: 2\nab =~ y1 + y2 + y3\nbb =~ y4 + y5 + y6\nbb ~ b*ab\nclimate ~ bb + support\ncontext := b - w",
  paths = "level: 1\ny1 ~ hours\ny4 ~ y1 + hours\nhours ~~ hours\nlevel: 2\ny1 ~ hours\ny4 ~ y1\nhours ~~ hours"
)

# lavaan's search reports a failure where it is asked for more than a relative tolerance of 1e-10,
# which leaves robust statistics some digits short: it goes on until it can gain no more, and is
# compared with where it was without that.
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)
tighter <- list(rel.tol = 1e-15, iter.max = 20000, eval.max = 40000)

report <- function(source, name, ...) {
  run <- function(control, ...) {
    suppressWarnings(sem(models[[name]], data = data[[source]], cluster = cluster[[source]], control = control, ...))
  }
  first <- run(tight, ...)
  fit <- run(tighter, optim.force.converged = TRUE, ...)
  given <- list(...)
  id <- paste(c(source, name, unlist(given[names(given) == "estimator"]), if ("std.lv" %in% names(given)) "std_lv"), collapse = "/")
  if (!lavInspect(first, "converged")) stop(id, " did not converge")
  if (max(abs(coef(fit) - coef(first))) > 1e-3) stop(id, " went elsewhere")
  table <- parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE)
  errors <- standardizedSolution(fit)
  keys <- paste(table$lhs, table$op, table$rhs, table$level, sep = "|")
  measures <- suppressWarnings(fitMeasures(fit))
  names(measures) <- gsub(".", "_", names(measures), fixed = TRUE)
  shares <- lavInspect(fit, "rsquare")
  split <- lavInspect(fit, "icc")
  named <- function(x) setNames(as.numeric(x), names(x))
  case(
    id, "Two-level models",
    sprintf("sem(model, data, cluster = \"%s\"%s)", cluster[[source]], if ("estimator" %in% names(given)) ", estimator = \"MLR\"" else ""),
    list(
      fit = setNames(as.numeric(measures), names(measures)),
      est = setNames(table$est, keys), se = setNames(table$se, keys), std = setNames(table$std.all, keys),
      std_se = setNames(errors$se, paste(errors$lhs, errors$op, errors$rhs, table$level, sep = "|")),
      within = named(shares[[1]]), between = named(shares[[2]]),
      icc = named(split)
    )
  )
}

report("clustered", "one")
report("clustered", "one", estimator = "MLR")
report("clustered", "two")
report("schools", "two", std.lv = TRUE)
report("clustered", "free")
for (name in names(models)) report("schools", name)
for (name in c("two", "equal", "fewer", "alone", "regression", "outcome", "paths")) report("schools", name, estimator = "MLR")
