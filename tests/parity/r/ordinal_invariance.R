suppressMessages({
  library(lavaan)
  library(semTools)
})

levels <- list(
  configural = "",
  thresholds = "thresholds",
  metric = c("thresholds", "loadings"),
  scalar = c("thresholds", "loadings", "intercepts"),
  strict = c("thresholds", "loadings", "intercepts", "residuals"),
  lv_variances = c("thresholds", "loadings", "intercepts", "residuals", "lv.variances"),
  lv_means = c("thresholds", "loadings", "intercepts", "residuals", "lv.variances", "means")
)
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)
items <- c("A2", "A3", "A4", "A5", "A1")
one <- "A =~ A2 + A3 + A4 + A5 + A1"
two <- paste0(one, "\nC =~ C1 + C2 + C3 + C4 + C5")

bfi <- read_data("bfi.csv")
bfi <- bfi[complete.cases(bfi[c(items, paste0("C", 1:5), "gender")]), ]
three <- bfi
three[items] <- lapply(bfi[items], function(x) findInterval(x, c(4, 5)))
binary <- bfi
binary[items] <- lapply(bfi[items], function(x) as.integer(x > 4))
blend <- bfi
blend$A1 <- as.integer(bfi$A1 > 2)
schooled <- bfi[bfi$education %in% 3:5, ]
hs <- read_data("hs1939.csv")
hs$x2 <- findInterval(hs$x2, c(5, 6.5, 8))
hs$x5 <- findInterval(hs$x5, c(3.5, 4.5, 5.5))
visual <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"

# What a fit says of its free parameters, and its indices.
values <- function(fit) {
  table <- parTable(fit)
  std <- suppressWarnings(standardizedSolution(fit))
  kept <- table$op %in% c("=~", "~~", "~1", "|", "~*~") & table$free > 0
  keys <- paste(table$lhs, table$op, table$rhs, table$group, sep = "|")
  found <- setNames(std$est.std, paste(std$lhs, std$op, std$rhs, if (is.null(std$group)) 1 else std$group, sep = "|"))
  measures <- suppressWarnings(fitMeasures(fit))
  measures <- measures[grep("robust|\\.level|h0|^[a-z]*rmr\\.mplus|agfi|gfi|mfi|ecvi|cn_|logl|ic$|bic2|ntotal|unrestricted", names(measures), invert = TRUE)]
  measures <- measures[is.finite(measures)]
  list(
    est = setNames(table$est[kept], keys[kept]), se = setNames(table$se[kept], keys[kept]),
    std = found[keys[kept]],
    fit = setNames(as.numeric(measures), gsub(".", "_", names(measures), fixed = TRUE))
  )
}

difference <- function(general, restricted) {
  test <- suppressWarnings(lavTestLRT(general, restricted))
  c(chisq_diff = test[2, "Chisq diff"], df_diff = test[2, "Df diff"], pvalue_diff = test[2, "Pr(>Chisq)"])
}

written <- function(model, data, ordered, group, equal, parameterization = "theta", partial = "") {
  as.character(suppressWarnings(measEq.syntax(
    model, data = data, ordered = ordered, parameterization = parameterization, ID.fac = "std.lv",
    ID.cat = "Wu.Estabrook.2016", group = group, group.equal = equal, group.partial = partial
  )))
}

fitted_to <- function(syntax, data, ordered, group, parameterization = "theta", estimator = "WLSMV") {
  suppressWarnings(cfa(syntax, data, ordered = ordered, group = group, parameterization = parameterization, estimator = estimator, std.lv = TRUE, control = tight))
}

climb <- function(id, model, data, ordered, group, wanted, parameterization = "theta", estimator = "WLSMV", short = FALSE) {
  before <- NULL
  fits <- list()
  for (level in wanted) {
    syntax <- written(model, data, ordered, group, levels[[level]], parameterization)
    fit <- fitted_to(syntax, data, ordered, group, parameterization, estimator)
    found <- values(fit)
    if (short) found <- found["fit"]
    if (!is.null(before)) found$difference <- difference(before, fit)
    case(
      paste(id, level, sep = "/"), "Invariance of ordered items",
      sprintf("cfa(measEq.syntax(model, ID.cat = 'Wu.Estabrook.2016', group.equal = %s, parameterization = '%s'), estimator = '%s'); lavTestLRT()", paste(deparse(levels[[level]]), collapse = ""), parameterization, estimator),
      found
    )
    before <- fits[[level]] <- fit
  }
  fits
}

every <- names(levels)
six <- climb("two/theta", two, bfi, c(items, paste0("C", 1:5)), "gender", every)
own <- climb("six/theta", one, bfi, items, "gender", every[1:5], short = TRUE)
climb("six/delta", one, bfi, items, "gender", every[1:4], "delta")
climb("six/WLSM", one, bfi, items, "gender", every[1:5], estimator = "WLSM", short = TRUE)
climb("six/ULSMV", one, bfi, items, "gender", every[1:5], estimator = "ULSMV", short = TRUE)
# Equal thresholds of items with up to three categories restrict nothing, nor do equal loadings of
# those with two: these levels are left out.
climb("three/theta", one, three, items, "gender", every[-2])
climb("three/delta", one, three, items, "gender", every[3:4][c(1, 2)], "delta", short = TRUE)
few <- climb("binary/theta", one, binary, items, "gender", every[-(2:3)])
climb("binary/delta", one, binary, items, "gender", every[c(1, 4)], "delta", short = TRUE)
# Among others, an item with two categories joins with equal intercepts.
climb("blend/theta", one, blend, items, "gender", every[c(1, 4, 5)])
climb("education/theta", one, schooled, items, "education", every[1:5])
climb("mixed/theta", visual, hs, c("x2", "x5"), "school", every)

# Partial invariance, and models of partial invariance by another route: thresholds.
partial <- function(id, equal, released) {
  fit <- fitted_to(written(one, bfi, items, "gender", levels[[equal]], partial = released), bfi, items, "gender")
  case(id, "Partial invariance of ordered items", sprintf("measEq.syntax(..., group.partial = %s)", paste(deparse(released), collapse = "")), values(fit))
}
partial("partial/thresholds", "thresholds", c("A3 | t5", "A3 | t1"))
partial("partial/scalar", "scalar", c("A =~ A5", "A1 ~ 1", "A4 | t2"))

# Generalised score tests of all equalities of a level, each alone. The restricted solution is put
# into a model in which the candidates are free in the second group.
score_tests <- function(id, fit, data, opened, names, rows = as.list(names)) {
  open <- suppressWarnings(cfa(opened, data, ordered = items, group = "gender", parameterization = "theta", std.lv = TRUE, do.fit = FALSE))
  table <- parTable(fit)
  wide <- parTable(open)
  key <- function(p) paste(p$lhs, p$op, p$rhs, p$group)
  inside <- table[match(key(wide), key(table)), ]
  free <- which(wide$free > 0)
  model <- lavaan:::lav_model_set_parameters(open@Model, x = inside$est[free])
  delta <- lavaan:::computeDelta(model)
  K <- if (fit@Model@eq.constraints) fit@Model@eq.constraints.K else diag(max(table$free))
  B <- matrix(0, length(free), ncol(K))
  known <- inside$free[free] > 0
  B[known, ] <- K[inside$free[free][known], ]
  V <- lavTech(fit, "WLS.V")
  G <- lavTech(fit, "gamma")
  rest <- Map(`-`, lavTech(fit, "wls.obs"), lavTech(fit, "wls.est"))
  n <- unlist(lavInspect(fit, "nobs"))
  total <- sum(n)
  g <- I <- M <- 0
  for (k in seq_along(V)) {
    W <- if (is.matrix(V[[k]])) V[[k]] else diag(V[[k]])
    share <- (n[k] - 1) / total
    g <- g - share * t(delta[[k]]) %*% W %*% rest[[k]]
    I <- I + share * t(delta[[k]]) %*% W %*% delta[[k]]
    M <- M + n[k] / total * t(delta[[k]]) %*% W %*% G[[k]] %*% W %*% delta[[k]]
  }
  found <- sapply(rows, function(own) {
    E <- matrix(0, length(free), length(own))
    for (j in seq_along(own)) E[match(paste(own[j], 2), gsub("^(\\S+) (\\S+) (\\S*) (\\d)$", "\\1\\2\\3 \\4", key(wide)[free])), j] <- 1
    stopifnot(colSums(E) == 1)
    move <- E - B %*% solve(t(B) %*% I %*% B, t(B) %*% I %*% E)
    total * drop(t(g) %*% move %*% solve(t(move) %*% M %*% move, t(move) %*% g))
  })
  case(id, "Generalised score tests of equalities", "n g'M(M'JM)^-1M'g from computeDelta(), WLS.V and gamma", list(chisq = setNames(found, names)))
}
free_in_second <- function(syntax, lines) paste(c(syntax, lines), collapse = "\n")
base <- function(level, partial = "") written(one, bfi, items, "gender", levels[[level]], partial = partial)
# With all of a class released, measEq.syntax would identify the model anew: only labels go.
relabel <- function(syntax, pattern) gsub(pattern, "\\1.g1, \\1.g2", syntax)
score_tests("tests/thresholds", own$thresholds, bfi, relabel(base("thresholds"), "(A\\d\\.thr\\d), A\\d\\.thr\\d"), as.vector(outer(items, 1:5, function(i, k) paste0(i, "|t", k))))
score_tests("tests/metric", own$metric, bfi, relabel(base("metric"), "(lambda\\.\\d_\\d), lambda\\.\\d_\\d"), paste0("A=~", items))
freed <- gsub("~ c\\(0, 0\\)\\*1 \\+ c\\(nu\\.(\\d), nu\\.\\d\\)", "~ c(0, NA)*1 + c(nu.\\1.g1, nu.\\1.g2)", base("scalar"))
score_tests("tests/scalar", own$scalar, bfi, freed, paste0(items, "~1"))
freed <- gsub("~~ c\\(1, 1\\)\\*(A\\d) \\+ c\\((theta\\.\\d_\\d), theta\\.\\d_\\d\\)", "~~ c(1, NA)*\\1 + c(\\2.g1, \\2.g2)", base("strict"))
score_tests("tests/strict", own$strict, bfi, freed, paste0(items, "~~", items))
loose <- relabel(written(one, binary, items, "gender", levels$scalar), "(lambda\\.\\d_\\d), lambda\\.\\d_\\d")
score_tests("tests/binary", few$scalar, binary, loose, paste0(items, "~1"), as.list(paste0("A=~", items)))

# Effect sizes: expected answers through thresholds, integrated over the second group's factor;
# standard deviations are pooled with divisors n - 1.
effects <- function(id, data, anchors) {
  free <- setdiff(items, anchors)
  most <- length(unique(data$A2)) - 1
  released <- c(paste("A =~", free), paste(free, "~ 1"), as.vector(outer(free, seq_len(most), function(i, k) paste0(i, " | t", k))))
  # Nothing ties these items to the reference: their units are set in each group alone.
  syntax <- written(one, data, items, "gender", levels$scalar, partial = released)
  fit <- fitted_to(syntax, data, items, "gender")
  est <- lavInspect(fit, "est")
  labels <- lavInspect(fit, "group.label")
  answers <- lapply(labels, function(label) data[data$gender == label, items])
  sizes <- sapply(answers, nrow)
  pooled <- sqrt(((sizes[1] - 1) * sapply(answers[[1]], var) + (sizes[2] - 1) * sapply(answers[[2]], var)) / sum(sizes - 1))
  mean <- est[[2]]$alpha["A", 1]
  sd <- sqrt(est[[2]]$psi["A", "A"])
  answer <- function(g, item, eta) {
    cuts <- est[[g]]$tau[grep(paste0("^", item, "\\|"), rownames(est[[g]]$tau)), 1]
    behind <- est[[g]]$nu[item, 1] + est[[g]]$lambda[item, "A"] * eta
    codes <- sort(unique(data[[item]]))
    codes[1] + rowSums(sapply(seq_along(cuts), function(k) diff(codes)[k] * pnorm((behind - cuts[k]) / sqrt(est[[g]]$theta[item, item]))))
  }
  over <- function(f) integrate(function(eta) f(eta) * dnorm(eta, mean, sd), mean - 10 * sd, mean + 10 * sd, rel.tol = 1e-10, subdivisions = 2000)$value
  table <- t(sapply(items, function(item) {
    gap <- function(eta) answer(2, item, eta) - answer(1, item, eta)
    bias <- over(gap)
    c(bias = bias, d_signed = bias / pooled[[item]], d_macs = sqrt(over(function(eta) gap(eta)^2)) / pooled[[item]])
  }))
  first <- sapply(items, function(item) integrate(function(eta) answer(1, item, eta) * dnorm(eta), -10, 10, rel.tol = 1e-10)$value)
  second <- sapply(items, function(item) over(function(eta) answer(2, item, eta)))
  case(id, "Effect sizes of non-invariance, ordered items", "integrate() over pnorm() of thresholds", list(
    effects = table, expected = mean(second - first), bias = mean(table[, "bias"]), df = unname(fitMeasures(fit, "df"))
  ))
}
effects("effects/six", bfi, "A2")
effects("effects/three", three, c("A2", "A4"))
effects("effects/binary", binary, c("A2", "A3"))

# Waves: three of them, four items with four categories; and the same cut into three and two.
panel <- read_data("ordinal_waves.csv")
names_of <- function(item) paste0("t", item, "_", 1:3)
model <- paste(sapply(1:3, function(w) paste0("trust", w, " =~ ", paste0("t", 1:4, "_", w, collapse = " + "))), collapse = "\n")
long <- setNames(lapply(1:4, names_of), paste0("t", 1:4))
columns <- unlist(long)
over_waves <- function(id, data, wanted, parameterization = "theta", short = FALSE, partial = "") {
  before <- NULL
  for (level in wanted) {
    syntax <- as.character(suppressWarnings(measEq.syntax(
      model, data = data, ordered = columns, parameterization = parameterization, ID.fac = "std.lv",
      ID.cat = "Wu.Estabrook.2016", longFacNames = list(trust = paste0("trust", 1:3)),
      longIndNames = long, long.equal = levels[[level]], long.partial = partial, auto = "all"
    )))
    fit <- suppressWarnings(cfa(syntax, data, ordered = columns, parameterization = parameterization, std.lv = TRUE, control = tight))
    found <- values(fit)
    if (short) found <- found["fit"]
    if (!is.null(before)) found$difference <- difference(before, fit)
    case(
      paste(id, level, sep = "/"), "Invariance of ordered items over waves",
      sprintf("cfa(measEq.syntax(model, longFacNames = , ID.cat = 'Wu.Estabrook.2016', long.equal = %s, parameterization = '%s'))", paste(deparse(levels[[level]]), collapse = ""), parameterization),
      found
    )
    before <- fit
  }
}
over_waves("waves/theta", panel, every)
over_waves("waves/delta", panel, every[1:4], "delta", short = TRUE)
coarse <- panel
coarse[columns] <- lapply(panel[columns], function(x) pmin(x, 3))
over_waves("waves3/theta", coarse, every[c(1, 3, 4, 5)], short = TRUE)
halves <- panel
halves[columns] <- lapply(panel[columns], function(x) as.integer(x > 2))
over_waves("waves2/theta", halves, every[c(1, 4, 5)], short = TRUE)
over_waves("waves_partial/theta", panel, "scalar", partial = c("trust =~ t4", "t3 | t2"))
