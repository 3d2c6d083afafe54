# Data, models and search are those of the models' own topic, up to where that reports.
script <- readLines(file.path(here, "r", "two_level_models.R"))
eval(parse(text = script[seq_len(grep("^report <- function", script) - 1)]))

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
