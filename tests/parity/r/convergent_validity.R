suppressMessages({library(lavaan); library(semTools); library(pbivnorm)})

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
three <- list(visual = paste0("x", 1:3), textual = paste0("x", 4:6), speed = paste0("x", 7:9))
big <- list(agree = paste0("A", 1:5), open = paste0("O", 1:5), neuro = paste0("N", 1:5))
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

# Labels l_item and t_item; what is defined carries lavaan's own delta errors.
written <- function(factors, ordered) {
  lines <- mapply(function(f, items) {
    l <- paste0("l_", items); t <- paste0("t_", items)
    square <- paste0("(", paste0(l, "^2", collapse = " + "), ")")
    own <- paste(f, "=~", paste0(l, "*", items, collapse = " + "))
    if (ordered) return(paste(own, sprintf("ave_%s := %s / %d", f, square, length(items)), sep = "\n"))
    rest <- paste0(t, collapse = " + "); sum <- paste0("(", paste(l, collapse = " + "), ")^2")
    paste(own, paste0(items, " ~~ ", t, "*", items, collapse = "\n"),
      sprintf("omega_%s := %s / (%s + %s)", f, sum, sum, rest),
      sprintf("ave_%s := %s / (%s + %s)", f, square, square, rest), sep = "\n")
  }, names(factors), factors)
  paste(lines, collapse = "\n")
}
defined <- function(fit, kind) {
  p <- parameterEstimates(fit); p <- p[p$op == ":=" & startsWith(p$lhs, paste0(kind, "_")), ]
  x <- as.matrix(p[c("est", "se", "ci.lower", "ci.upper")])
  dimnames(x) <- list(sub(".*_", "", p$lhs), paste0(kind, c("", "_se", "_low", "_high"))); x
}
standard <- function(fit) {
  s <- suppressWarnings(standardizedSolution(fit)); s <- s[s$op == "=~", ]
  x <- as.matrix(s[c("est.std", "se", "ci.lower", "ci.upper")])
  dimnames(x) <- list(paste(s$lhs, s$rhs), c("loading", "se", "ci_low", "ci_high")); x
}
for (run in list(list("ML", hs), list("MLR", hs), list("MLR", holes, missing = "fiml"))) {
  fit <- do.call("cfa", c(list(written(three, FALSE), data = run[[2]], estimator = run[[1]], std.lv = TRUE, control = tight), run[-(1:2)]))
  id <- paste(c(run[[1]], run$missing), collapse = " ")
  case(id, "Convergent validity", sprintf('cfa("...; omega := ...; ave := ...", std.lv = TRUE, estimator = "%s")  # hs1939', id),
    list(table = cbind(defined(fit, "omega"), defined(fit, "ave")), loadings = standard(fit),
      omega = c(unclass(compRelSEM(fit, obs.var = FALSE))), ave = c(unclass(AVE(fit, obs.var = FALSE)))))
}

# Green and Yang's reliability as a function of the estimates, its error by differences.
green_yang <- function(x, items) {
  l <- x[paste0("l_", items)]
  cuts <- lapply(items, function(i) x[startsWith(names(x), paste0(i, "|t"))])
  joint <- function(i, j, r) {
    at <- expand.grid(a = cuts[[i]], b = cuts[[j]])
    sum(if (r == 1) pnorm(pmin(at$a, at$b)) - pnorm(at$a) * pnorm(at$b) else pbivnorm(at$a, at$b, r) - pnorm(at$a) * pnorm(at$b))
  }
  k <- seq_along(items); above <- below <- 0
  for (i in k) for (j in k) {
    shared <- joint(i, j, l[[i]] * l[[j]]); above <- above + shared
    below <- below + if (i == j) joint(i, i, 1) else shared
  }
  above / below
}
fit <- cfa(written(big, TRUE), na.omit(bfi[unlist(big)]), ordered = unlist(big, use.names = FALSE), std.lv = TRUE, control = tight)
x <- coef(fit); V <- vcov(fit)
omega <- t(sapply(big, function(items) {
  slope <- sapply(seq_along(x), function(k) { h <- replace(0 * x, k, 1e-5); (green_yang(x + h, items) - green_yang(x - h, items)) / 2e-5 })
  e <- green_yang(x, items); s <- sqrt(drop(slope %*% V %*% slope))
  c(omega = e, omega_se = s, omega_low = e - qnorm(.975) * s, omega_high = e + qnorm(.975) * s)
}))
case("WLSMV", "Convergent validity", 'cfa("...; ave := ...", ordered = names, std.lv = TRUE); Green & Yang (2009) with vcov(fit)  # bfi, complete rows',
  list(table = cbind(omega, defined(fit, "ave")), loadings = standard(fit),
    omega = c(unclass(compRelSEM(fit, obs.var = FALSE))), ave = c(unclass(AVE(fit, obs.var = FALSE))),
    behind = c(unclass(compRelSEM(fit, ord.scale = FALSE))), behind_implied = c(unclass(compRelSEM(fit, ord.scale = FALSE, obs.var = FALSE)))))
