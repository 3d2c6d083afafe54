suppressMessages({library(lavaan); library(semTools)})

# Two-level models with one factor on each level, and with free covariances; the coefficients as
# defined parameters, so that lavaan gives their standard errors.
# nlminb stops a good way before the maximum, or calls its own precision a failure.
tight <- list(reltol = 1e-16, maxit = 10000)
total <- function(letter, k) paste0(letter, seq_len(k), collapse = " + ")
omega <- function(l, t, k) sprintf("(%s)^2 / ((%s)^2 + %s)", total(l, k), total(l, k), total(t, k))
free <- function(items, letter) {
  k <- length(items)
  lines <- character()
  for (i in 1:k) for (j in i:k) lines <- c(lines, sprintf("%s ~~ %s%d%d*%s", items[i], letter, i, j, items[j]))
  paste(lines, collapse = "\n")
}
alpha <- function(letter, k) {
  pairs <- outer(1:k, 1:k, function(i, j) paste0(letter, pmin(i, j), pmax(i, j)))
  sprintf("%f * (1 - (%s) / (%s))", k / (k - 1), paste(diag(pairs), collapse = " + "), paste(pairs, collapse = " + "))
}
defined <- function(fit) {
  p <- parameterEstimates(fit)
  p <- p[p$op == ":=", ]
  data.frame(estimate = p$est, se = p$se, ci_low = p$ci.lower, ci_high = p$ci.upper, row.names = p$lhs)
}
case_for <- function(id, x, items) {
  k <- length(items)
  Ns <- mean(1 / table(x$team))
  icc <- paste0("\nicc_", items, " := b", 1:k, 1:k, " / (w", 1:k, 1:k, " + b", 1:k, 1:k, ")", collapse = "")
  saturated <- paste0(
    "level: 1\n", free(items, "w"), "\nlevel: 2\n", free(items, "b"),
    "\nalpha_within := ", alpha("w", k), "\nalpha_between := ", alpha("b", k), icc
  )
  full <- suppressWarnings(cfa(saturated, x, cluster = "team", optim.method = "BFGS", control = tight))
  all <- defined(full)
  icc <- all[grepl("^icc_", rownames(all)), ]
  rownames(icc) <- items
  colnames(icc)[1] <- "icc1"
  implied <- fitted(full)
  one <- paste0(
    "level: 1\nfw =~ ", paste0("lw", 1:k, "*", items, collapse = " + "), "\n",
    paste0(items, " ~~ uw", 1:k, "*", items, collapse = "\n"),
    "\nlevel: 2\nfb =~ ", paste0("lb", 1:k, "*", items, collapse = " + "), "\n",
    paste0(items, " ~~ ub", 1:k, "*", items, collapse = "\n"),
    "\nomega_within := ", omega("lw", "uw", k), "\nomega_between := ", omega("lb", "ub", k),
    sprintf("\nomega_cluster_means := (%s)^2 / ((%s)^2 + %s + %.15f * ((%s)^2 + %s))", total("lb", k), total("lb", k), total("ub", k), Ns, total("lw", k), total("uw", k)),
    sprintf("\ninterrater := ((%s)^2 + %s) / ((%s)^2 + %s + %.15f * ((%s)^2 + %s))", total("lb", k), total("ub", k), total("lb", k), total("ub", k), Ns, total("lw", k), total("uw", k))
  )
  fit <- suppressWarnings(cfa(one, x, cluster = "team", std.lv = TRUE, optim.method = "BFGS", control = tight))
  e <- lavInspect(fit, "est")
  loadings <- data.frame(
    within = e$within$lambda[, 1], within_uniqueness = diag(e$within$theta),
    between = e$team$lambda[, 1], between_uniqueness = diag(e$team$theta), row.names = items
  )
  shared <- compRelSEM(fit, shared = "fb", obs.var = FALSE)$shared$fb
  both <- suppressMessages(reliability(fit))
  f <- fitMeasures(fit)
  values <- list(
    omega = defined(fit), loadings = loadings, loglik = unname(f["logl"]), df = unname(f["df"]),
    semtools = c(
      omega_within = both$within["omega", 1], omega_between = both$team["omega", 1],
      omega_cluster_means = unname(shared["omega_B"]), interrater = unname(shared["IRR"])
    )
  )
  # lavaan's own χ² rests on moments where EM stops at 1e-8 of the likelihood, and which it keeps
  # positive definite; against the saturated model the test is exact.
  chisq <- 2 * (as.numeric(logLik(full)) - unname(f["logl"]))
  values$fit <- c(chisq = chisq, pvalue = if (f["df"] > 0) pchisq(chisq, f["df"], lower.tail = FALSE) else NA)
  case(
    paste0(id, "/factors"), "Multilevel omega",
    "cfa('level: 1\n fw =~ ...\n level: 2\n fb =~ ...\n omega_within := ...', x, cluster = 'team', std.lv = TRUE); compRelSEM(fit, shared = 'fb', obs.var = FALSE); reliability(fit)",
    values
  )
  case(
    paste0(id, "/saturated"), "Multilevel alpha and ICC(1)",
    "cfa('level: 1\n y1 ~~ w11*y1 ...\n level: 2\n y1 ~~ b11*y1 ...\n alpha_within := ...', x, cluster = 'team')",
    list(
      alpha = all[c("alpha_within", "alpha_between"), ], icc = icc,
      within = unclass(implied$within$cov), between = unclass(implied$team$cov)
    )
  )
}

x <- read_data("clustered.csv")
case_for("clustered_5", x, paste0("y", 1:5))
# Of all six the saturated matrix between clusters is not positive definite.
case_for("clustered_6", x, paste0("y", 1:6))
case_for("clustered_3", x, paste0("y", 1:3))
case_for("clustered_rounded", cbind(x["team"], round(x[-1])), paste0("y", c(1, 3, 4, 5)))
