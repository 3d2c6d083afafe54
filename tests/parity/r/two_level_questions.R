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

report <- function(source, name) {
  run <- function(control, ...) {
    suppressWarnings(sem(models[[name]], data = data[[source]], cluster = cluster[[source]], control = control, ...))
  }
  first <- run(tight)
  fit <- run(tighter, optim.force.converged = TRUE)
  id <- paste(source, name, sep = "/")
  if (!lavInspect(first, "converged")) stop(id, " did not converge")
  if (max(abs(coef(fit) - coef(first))) > 1e-3) stop(id, " went elsewhere")
  values <- list()

  table <- suppressWarnings(modindices(fit))
  # Moments of exogenous variables are the data's; lavaan lists them with an index of 0, and some
  # regressions of such variables as well.
  exo <- lapply(1:2, function(level) lavNames(fit, "ov.x", block = level))
  given <- mapply(function(lhs, op, rhs, level) {
    x <- exo[[level]]
    (op == "~~" && lhs %in% x && rhs %in% x) || (op %in% c("~1", "~") && lhs %in% x)
  }, table$lhs, table$op, table$rhs, table$level)
  table <- table[!as.logical(given), ]
  keys <- paste(table$lhs, table$op, table$rhs, table$level, sep = "|")
  own <- table$op == "~~" & table$lhs == table$rhs
  if (nrow(table)) {
    values$mi <- setNames(table$mi, keys)
    values$epc <- setNames(table$epc, keys)
    values$sepc_lv <- setNames(table$sepc.lv, keys)[!own]
    values$sepc_all <- setNames(table$sepc.all, keys)[!own]
  }
  if (any(parTable(fit)$op == "==")) {
    test <- suppressWarnings(lavTestScore(fit))
    values$released <- test$uni$X2
    values$all <- test$test$X2
  }
  for (kind in c("raw", "cor")) {
    found <- residuals(fit, type = kind)
    for (level in 1:2) values[[paste(kind, "cov", level, sep = "|")]] <- unclass(found[[level]]$cov)
  }
  # How lavaan shares the means of split variables out between the levels depends on its start.
  found <- residuals(fit, type = "raw")
  both <- intersect(names(found[[1]]$mean), names(found[[2]]$mean))
  values$mean <- setNames(as.numeric(found[[1]]$mean[both] + found[[2]]$mean[both]), both)
  for (level in 1:2) {
    if (!length(lavNames(fit, "lv", block = level))) next
    # lavaan puts 0 for variables that clusters alone have.
    if (level == 2 && !all(lavNames(fit, "ov", block = 2) %in% lavNames(fit, "ov", block = 1))) next
    for (method in c("regression", "Bartlett")) {
      # lavaan stops where a level has observed outcomes among the latent ones.
      scores <- try(unclass(lavPredict(fit, method = method, level = level)), silent = TRUE)
      if (inherits(scores, "try-error")) next
      scores <- scores[1:40, , drop = FALSE]
      rownames(scores) <- seq_len(40)
      values[[paste(method, level, sep = "|")]] <- scores
    }
  }
  case(id, "Questions to two-level models", sprintf("fit <- sem(model, data, cluster = \"%s\")", cluster[[source]]), values)
}

report("clustered", "one")
for (name in names(models)) report("schools", name)
