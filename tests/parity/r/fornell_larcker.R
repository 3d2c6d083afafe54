suppressMessages({library(lavaan); library(semTools)})

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)
three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
crossed <- paste0(three, "\nvisual =~ x9")
along <- paste0(three, "\nx7 ~~ x8\nspeed ~ textual + visual\ntextual ~ visual")
five <- paste(sapply(c("A", "C", "E", "N", "O"), function(f) paste(f, "=~", paste0(f, 1:5, collapse = " + "))), collapse = "\n")
big <- paste(sapply(c("A", "O", "N"), function(f) paste(f, "=~", paste0(f, 1:5, collapse = " + "))), collapse = "\n")

# Correlations of the factors, roots of AVE in the diagonal; none for factors that share an item.
fornell <- function(id, call, fit) {
  r <- unclass(lavInspect(fit, "cor.lv"))
  # With theta, AVE() weighs items by variances that only the parameterisation sets, and so differs
  # from itself with delta; of standardised loadings it is the same with both.
  extracted <- if (lavInspect(fit, "parameterization") == "theta") {
    loadings <- lavInspect(fit, "std")$lambda
    apply(loadings, 2, function(l) mean(l[l != 0]^2))
  } else AVE(fit)
  extracted <- setNames(as.numeric(extracted), names(extracted))
  squares <- r^2; diag(squares) <- 1
  roots <- sqrt(extracted[rownames(r)])
  diag(r) <- roots
  values <- list(roots = r)
  how <- if (lavInspect(fit, "parameterization") == "theta") "; mean of squared lavInspect(fit, 'std')$lambda" else "; AVE(fit)"
  # What the criterion compares: variance extracted against squared correlations.
  pairs <- which(lower.tri(squares), arr.ind = TRUE)
  names <- paste(colnames(squares)[pairs[, 2]], rownames(squares)[pairs[, 1]])
  values$squares <- setNames(squares[pairs], names)
  if (!anyNA(roots)) values$ave <- extracted
  case(id, "Fornell-Larcker", paste0(call, how, "; lavInspect(fit, 'cor.lv')"), values)
}
fornell("ML", "cfa(three, hs1939)", cfa(three, hs, control = tight))
fornell("ML crossed", "cfa('...; visual =~ x9', hs1939)", cfa(crossed, hs, control = tight))
fornell("ML paths", "sem('...; x7 ~~ x8; speed ~ textual + visual; textual ~ visual', hs1939)", sem(along, hs, control = tight))
fornell("MLR fiml", "cfa(three, hs1939 with holes, estimator = 'MLR', missing = 'fiml')", cfa(three, holes, estimator = "MLR", missing = "fiml", control = tight))
fornell("MLR bfi", "cfa(five, bfi, estimator = 'MLR', std.lv = TRUE)", cfa(five, bfi, estimator = "MLR", std.lv = TRUE, control = tight))
fornell("MLR fiml bfi", "cfa(big, bfi, estimator = 'MLR', missing = 'fiml')", cfa(big, bfi, estimator = "MLR", missing = "fiml", control = tight))
fornell("WLSMV", "cfa(big, bfi, ordered = TRUE)", cfa(big, bfi, ordered = TRUE, control = tight))
fornell("WLSMV theta", "cfa(big, bfi, ordered = TRUE, parameterization = 'theta', std.lv = TRUE)", cfa(big, bfi, ordered = TRUE, parameterization = "theta", std.lv = TRUE, control = tight))
