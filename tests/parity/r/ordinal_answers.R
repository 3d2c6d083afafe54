suppressMessages(library(lavaan))

# Ordered items with missing answers (pairwise), and with observed covariates (conditional.x).
bfi <- read_data("bfi.csv")
items <- c(paste0("A", 1:5), paste0("C", 1:5))
bfi <- head(bfi[complete.cases(bfi[c(items, "gender", "age")]), ], 700)
row <- seq_len(nrow(bfi))
complete <- bfi
# Answers missing by a rule that any language can repeat; two persons answered nothing.
for (j in seq_along(items)) bfi[[items[j]]][(row * 7 + j * 13) %% 31 < 4] <- NA
bfi[c(5, 50), items] <- NA
# Two continuous variables among the ordered ones.
mix <- function(data) {
  data$C5 <- data$C5 + (row %% 7) / 5
  data$C4 <- data$C4 + (row %% 5) / 3
  data
}
two <- "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
predicted <- paste0(two, "\nA ~ age + gender\nC ~ A + age\nC1 ~ gender")
paths <- "A =~ A1 + A2 + A3\nA ~ a*age + gender\nN1 ~ b*A + age\nN2 ~ A\nN1 ~~ N2\nC5 ~ A + N1 + gender\nab := a*b"
only <- "N1 ~ N2 + age\nN2 ~ age + gender\nC4 ~ N1"
cut <- c(paste0("A", 1:5), paste0("C", 1:3))

report <- function(id, model, data, ...) {
  fit <- suppressWarnings(sem(model, data, ...))
  if (!lavInspect(fit, "converged")) stop(id, " did not converge")
  p <- parTable(fit)
  p <- p[p$op %in% c("=~", "~", "~~", "~1", "|", "~*~", ":="), ]
  name <- paste0(p$lhs, p$op, p$rhs, ifelse(p$group > 1, paste0(".g", p$group), ""))
  std <- standardizedSolution(fit)[seq_along(name), ]
  stopifnot(all(std$op == p$op), all(std$rhs == p$rhs))
  f <- suppressWarnings(fitMeasures(fit))
  f <- f[is.finite(f) & !grepl("(level|h0)$", names(f))]
  values <- list(
    estimates = data.frame(est = p$est, se = p$se, std = std$est.std, se_std = std$se, row.names = name),
    fit = setNames(as.numeric(f), gsub(".", "_", names(f), fixed = TRUE)),
    n = sum(lavInspect(fit, "nobs"))
  )
  case(id, "Models of ordered items", sprintf("sem(model, data, ordered = ...)  # %s", id), values)
}

for (estimator in c("WLSMV", "ULSMV", "WLS")) {
  report(paste0("ordered/pairwise/", estimator), two, bfi, estimator = estimator, ordered = items, missing = "pairwise")
}
report("mixed/pairwise/WLSMV", two, mix(bfi), ordered = cut, missing = "pairwise")
report("mixed/pairwise/WLSM/theta", two, mix(bfi),
  ordered = cut, estimator = "WLSM", parameterization = "theta", missing = "pairwise"
)
report("mixed/pairwise/WLSMV/groups", two, mix(bfi),
  ordered = cut, group = "gender", group.equal = c("thresholds", "loadings"), missing = "pairwise"
)

# Observed covariates, which ordered items are conditioned on.
outcomes <- c("A1", "A2", "A3", "N1", "N2")
complete <- complete[complete.cases(complete[c("N1", "N2")]), ]
complete$age <- complete$age / 10 # so that lavaan's search gets along
row <- seq_len(nrow(complete))
for (estimator in c("WLSMV", "ULSMV", "WLSM", "DWLS", "WLS")) {
  report(paste0("predicted/listwise/", estimator), predicted, complete, estimator = estimator, ordered = items)
}
report("predicted/listwise/WLSMV/theta", predicted, complete, ordered = items, parameterization = "theta")
# By theta: where an ordered variable mediates, lavaan's search by delta ends before the minimum.
report("paths/listwise/WLSMV/theta", paths, mix(complete), ordered = outcomes, parameterization = "theta")
report("paths/listwise/WLSMVS/theta/std", paths, mix(complete),
  ordered = outcomes, estimator = "WLSMVS", std.lv = TRUE, parameterization = "theta"
)
report("only/listwise/WLSMV/theta", only, mix(complete), ordered = c("N1", "N2"), parameterization = "theta")
two_sexes <- "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5\nA ~ age\nC ~ A + age"
report("sexes/listwise/WLSMV/groups", two_sexes, complete,
  ordered = items, group = "gender", group.equal = c("thresholds", "loadings")
)
report("sexes/listwise/WLSMV/theta/groups", two_sexes, complete,
  ordered = items, group = "gender", group.equal = c("thresholds", "loadings"), parameterization = "theta"
)
report("sexes/listwise/WLSMV/equal", two_sexes, complete,
  ordered = items, group = "gender", group.equal = c("loadings", "regressions")
)
gone <- complete
for (j in seq_along(items)) gone[[items[j]]][(row * 7 + j * 13) %% 31 < 4] <- NA
# Of persons who answered nothing else, lavaan keeps the covariates in cov.x; there are none here.
gone$age[c(7, 70, 71)] <- NA
report("predicted/pairwise/WLSMV", predicted, gone, ordered = items, missing = "pairwise")
report("paths/pairwise/WLSMV/theta", paths, mix(gone),
  ordered = outcomes, missing = "pairwise", parameterization = "theta"
)
