suppressMessages(library(lavaan))

statistics <- function(tests) {
  out <- c(chisq = tests$standard$stat, df = tests$standard$df)
  if (length(tests) > 1) {
    s <- tests[[2]]
    out <- c(out,
      chisq_scaled = s$stat, df_scaled = s$df, scaling = s$scaling.factor,
      shift = if (is.null(s$shift.parameter)) 0 else s$shift.parameter,
      trace = s$trace.UGamma
    )
    if (!is.null(s$trace.UGamma2)) out <- c(out, trace2 = s$trace.UGamma2)
  }
  out
}

# Estimates, errors, statistics and indices of one model; `call` is what a user would type.
ordinal_case <- function(id, call, model, data, estimator = "WLSMV", moments = FALSE,
                         indices = FALSE, ...) {
  fit <- suppressWarnings(cfa(model, data, estimator = estimator, ...))
  p <- parTable(fit)
  p <- p[p$op %in% c("=~", "~", "~~", "~1", "|", "~*~"), ]
  name <- paste0(p$lhs, p$op, p$rhs, ifelse(p$group > 1, paste0(".g", p$group), ""))
  std <- standardizedSolution(fit)[seq_along(name), ]
  stopifnot(all(std$op == p$op), all(std$rhs == p$rhs))
  values <- list(
    estimates = data.frame(est = p$est, se = p$se, std = std$est.std, se_std = std$se, row.names = name),
    tests = statistics(fit@test),
    baseline = statistics(fit@baseline$test)
  )
  if (moments) {
    values$moments <- unname(lavInspect(fit, "wls.obs"))
    values$gamma <- as.vector(lavInspect(fit, "gamma"))
  }
  if (indices) {
    f <- suppressWarnings(fitMeasures(fit))
    wanted <- grep("^(rmsea|cfi|tli|rmr|srmr|crmr|nfi|ifi|rni)", names(f), value = TRUE)
    wanted <- wanted[is.finite(f[wanted]) & !grepl("(level|h0)$", wanted)]
    values$indices <- setNames(as.numeric(f[wanted]), gsub(".", "_", wanted, fixed = TRUE))
  }
  case(id, "Models of ordered items", call, values)
}

bfi <- read_data("bfi.csv")
items <- names(bfi)[1:25]
bfi <- bfi[complete.cases(bfi[c(items, "gender")]), ]

five <- paste(sapply(c("A", "C", "E", "N", "O"), function(x) {
  paste0(x, " =~ ", paste0(x, 1:5, collapse = " + "))
}), collapse = "\n")
call <- "cfa(five, bfi, ordered = TRUE, estimator = '%s')  # five =~ five items each, complete cases"
for (estimator in c("WLSMV", "ULSMV")) {
  ordinal_case(paste0("five_", tolower(estimator)), sprintf(call, estimator), five, bfi, estimator,
    ordered = TRUE, indices = TRUE
  )
}

# A1 last: the first indicator decides which way a factor points.
two <- "A =~ A2 + A3 + A4 + A5 + A1\nC =~ C1 + C2 + C3 + C4 + C5"
call <- "cfa('A =~ A2 + ... + A5 + A1; C =~ C1 + ... + C5', bfi, ordered = TRUE, estimator = '%s')"
for (estimator in c("DWLS", "ULS", "WLSM", "WLSMVS", "ULSM", "ULSMVS", "WLS")) {
  ordinal_case(paste0("two_", tolower(estimator)), sprintf(call, estimator), two, bfi, estimator,
    ordered = TRUE, indices = TRUE
  )
}
ordinal_case("one_moments", "lavInspect(cfa('A =~ A1 + ... + A5', bfi, ordered = TRUE), 'gamma')",
  "A =~ A1 + A2 + A3 + A4 + A5", bfi,
  ordered = TRUE, moments = TRUE, indices = TRUE
)
ordinal_case("two_theta", "cfa(two, bfi, ordered = TRUE, parameterization = 'theta', std.lv = TRUE)",
  two, bfi,
  ordered = TRUE, parameterization = "theta", std.lv = TRUE
)

equal <- c("thresholds", "loadings")
call <- "cfa(two, bfi, ordered = TRUE, group = 'gender', group.equal = c(%s), parameterization = '%s')"
ordinal_case("groups_configural", sprintf(call, "", "delta"), two, bfi,
  ordered = TRUE,
  group = "gender", indices = TRUE
)
for (p in c("delta", "theta")) {
  ordinal_case(paste0("groups_", p), sprintf(call, "'thresholds', 'loadings'", p), two, bfi,
    ordered = TRUE, group = "gender", group.equal = equal, parameterization = p, indices = TRUE
  )
}

# Wu and Estabrook (2016): with equal thresholds and loadings, intercepts and residual variances
# of the second group are free, latent means are not.
letters5 <- paste0("A", 1:5)
wu <- paste(c(
  "A =~ c(l2, l2)*A2 + c(l3, l3)*A3 + c(l4, l4)*A4 + c(l5, l5)*A5 + c(l1, l1)*A1",
  "A ~~ c(1, NA)*A",
  "A ~ c(0, 0)*1",
  sapply(letters5, function(x) paste0(x, " | ", paste0("c(", x, "t", 1:5, ", ", x, "t", 1:5, ")*t", 1:5, collapse = " + "))),
  paste0(letters5, " ~~ c(1, NA)*", letters5),
  paste0(letters5, " ~ c(0, NA)*1")
), collapse = "\n")
ordinal_case("groups_wu_estabrook",
  "cfa(wu, bfi, ordered = TRUE, group = 'gender', std.lv = TRUE, parameterization = 'theta')  # thresholds, loadings equal",
  wu, bfi,
  ordered = TRUE, group = "gender", std.lv = TRUE, parameterization = "theta"
)

# Ordered and continuous indicators, one of them with two categories.
hs <- read_data("hs1939.csv")
hs$x2 <- findInterval(hs$x2, c(5, 6.5, 8))
hs$x5 <- findInterval(hs$x5, c(3.5, 4.5, 5.5))
hs$x6 <- as.integer(hs$x6 > 2)
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
call <- "cfa(three, hs, ordered = c('x2', 'x5', 'x6'), parameterization = '%s')"
for (p in c("delta", "theta")) {
  ordinal_case(paste0("mixed_", p), sprintf(call, p), three, hs,
    ordered = c("x2", "x5", "x6"),
    parameterization = p, moments = p == "delta", indices = TRUE
  )
}
ordinal_case("mixed_groups",
  "cfa(three, hs, ordered = c('x2', 'x5', 'x6'), group = 'school', group.equal = c('thresholds', 'loadings', 'intercepts'))",
  three, hs,
  ordered = c("x2", "x5", "x6"), group = "school",
  group.equal = c("thresholds", "loadings", "intercepts")
)

# Ordered outcomes of latent and observed variables, which are taken as random. Age in centuries,
# since lavaan leaves out of a polyserial correlation whoever has a joint density below 1.5e-8.
bfi$age <- pmin(bfi$age, 60) / 100
path <- "A =~ A1 + A2 + A3\nA ~ age\nN1 ~ A + age\nN2 ~ A\nN1 ~~ N2"
for (p in c("delta", "theta")) {
  ordinal_case(paste0("path_", p),
    sprintf("cfa(path, bfi, ordered = c('A1', 'A2', 'A3', 'N1', 'N2'), fixed.x = FALSE, conditional.x = FALSE, parameterization = '%s')", p),
    path, bfi,
    ordered = c("A1", "A2", "A3", "N1", "N2"), fixed.x = FALSE, conditional.x = FALSE,
    parameterization = p
  )
}
