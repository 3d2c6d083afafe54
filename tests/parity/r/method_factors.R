suppressMessages(library(lavaan))

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)
three <- list(visual = c("x1", "x2", "x3"), textual = c("x4", "x5", "x6"), speed = c("x7", "x8", "x9"))
big <- list(agree = paste0("A", 1:5), open = paste0("O", 1:5), neuro = paste0("N", 1:5))

lines_of <- function(traits) {
  paste(mapply(function(f, i) paste(f, "=~", paste(i, collapse = " + ")), names(traits), traits), collapse = "\n")
}
alone_of <- function(name, traits) paste(name, "~~", paste0("0*", names(traits), collapse = " + "))
loads <- function(name, items, equal) {
  paste(name, "=~", paste0(if (equal) "m*" else "", items, collapse = " + "))
}
# A start of its own keeps every case at the best solution that lavaan finds.
fit_best <- function(text, items, name, data, ...) {
  begun <- gsub(paste0("\n", name, " =~ ", items[1]), paste0("\n", name, " =~ start(.4)*", items[1]), text, fixed = TRUE)
  fits <- lapply(c(text, begun), function(t) suppressWarnings(
    sem(t, data, std.lv = TRUE, control = tight, ...)))
  fits <- Filter(function(f) lavInspect(f, "converged"), fits)
  fits[[which.min(sapply(fits, fitMeasures, "chisq"))]]
}
std_of <- function(fit) suppressWarnings(standardizedSolution(fit))
loading_of <- function(s, f, i) s$est.std[s$op == "=~" & s$lhs == f & s$rhs == i]
residual_of <- function(s, i) s$est.std[s$op == "~~" & s$lhs == i & s$rhs == i]
sign_of <- function(with, without, traits) {
  sapply(names(traits), function(f) {
    a <- sapply(traits[[f]], loading_of, s = with, f = f); b <- sapply(traits[[f]], loading_of, s = without, f = f)
    if (sum(a * b) < 0) -1 else 1
  })
}
pairs_of <- function(traits) combn(names(traits), 2, simplify = FALSE)
correlation <- function(s, pair, signs = NULL) {
  row <- s[s$op == "~~" & ((s$lhs == pair[1] & s$rhs == pair[2]) | (s$lhs == pair[2] & s$rhs == pair[1])), ]
  k <- if (is.null(signs)) 1 else prod(signs[pair])
  c(k * row$est.std, k * row$est.std - qnorm(.975) * row$se, k * row$est.std + qnorm(.975) * row$se)
}
shares_of <- function(s, name, items) {
  rows <- t(sapply(items, function(i) {
    row <- s[s$op == "=~" & s$lhs == name & s$rhs == i, ]
    e <- residual_of(s, i)
    if (!nrow(row)) return(c(trait = 1 - e, method = 0, error = e, loading = NA, se = NA, pvalue = NA))
    c(trait = 1 - row$est.std^2 - e, method = row$est.std^2, error = e, loading = row$est.std, se = row$se,
      pvalue = 2 * pnorm(-abs(row$est.std / row$se)))
  }))
  k <- if (sum(rows[, "loading"], na.rm = TRUE) < 0) -1 else 1
  rows[, "loading"] <- k * rows[, "loading"]
  cbind(rows, ci_low = rows[, "loading"] - qnorm(.975) * rows[, "se"], ci_high = rows[, "loading"] + qnorm(.975) * rows[, "se"])
}
reliability_of <- function(s, traits, signs, method = NULL) {
  t(sapply(names(traits), function(f) {
    l <- signs[f] * sapply(traits[[f]], loading_of, s = s, f = f)
    m <- if (is.null(method)) 0 else sum(method[traits[[f]]], na.rm = TRUE)
    e <- sum(sapply(traits[[f]], residual_of, s = s))
    c(trait = sum(l)^2, method = m^2) / (sum(l)^2 + m^2 + e)
  }))
}
fit_row <- function(f) {
  end <- if ("chisq.scaled" %in% names(fitMeasures(f))) ".scaled" else ""
  x <- fitMeasures(f)
  pick <- function(n) if (paste0(n, ".robust") %in% names(x)) x[[paste0(n, ".robust")]] else if (n %in% names(x)) x[[n]] else NA
  c(npar = x[["npar"]], chisq = x[[paste0("chisq", end)]], df = x[["df"]], pvalue = x[[paste0("pvalue", end)]],
    cfi = pick("cfi"), tli = pick("tli"), rmsea = pick("rmsea"), srmr = pick("srmr"), aic = pick("aic"), bic = pick("bic"))
}
test_of <- function(a, b) {
  t <- suppressWarnings(lavTestLRT(b, a, method = if ("chisq.scaled" %in% names(fitMeasures(a))) "satorra.bentler.2001" else "default"))
  c(chisq = t[["Chisq diff"]][2], df = t[["Df diff"]][2], pvalue = t[["Pr(>Chisq)"]][2])
}

method_case <- function(id, traits, data, form, items = unlist(traits, use.names = FALSE), differences = TRUE, ...) {
  text <- lines_of(traits); every <- unlist(traits, use.names = FALSE)
  fits <- list()
  if (setequal(items, every)) fits$method <- suppressWarnings(sem(loads("method", every, FALSE), data, std.lv = TRUE, control = tight, ...))
  fits$traits <- suppressWarnings(sem(text, data, std.lv = TRUE, control = tight, ...))
  for (kind in if (length(traits) > 1) c("equal", "free") else "equal") {
    fits[[kind]] <- fit_best(paste(text, loads("method", items, kind == "equal"), alone_of("method", traits), sep = "\n"), items, "method", data, ...)
  }
  before <- std_of(fits$traits); after <- std_of(fits[[form]])
  signs <- sign_of(after, before, traits)
  shares <- shares_of(after, "method", every)
  l <- do.call(rbind, lapply(names(traits), function(f) {
    a <- sapply(traits[[f]], loading_of, s = before, f = f); b <- signs[f] * sapply(traits[[f]], loading_of, s = after, f = f)
    x <- cbind(without = a, with = b, change = b - a); rownames(x) <- paste(f, traits[[f]]); x
  }))
  reliability <- cbind(without = reliability_of(before, traits, sign_of(before, before, traits))[, "trait"],
    reliability_of(after, traits, signs, shares[, "loading"]))
  values <- list(models = do.call(rbind, lapply(fits, fit_row)), items = shares, loadings = l, reliability = reliability,
    shares = colMeans(shares[, 1:3]))
  if (length(traits) > 1) {
    r <- t(sapply(pairs_of(traits), function(p) c(correlation(before, p), correlation(after, p, signs))))
    rownames(r) <- sapply(pairs_of(traits), paste, collapse = " ~~ ")
    colnames(r) <- c("without", "without_low", "without_high", "with", "with_low", "with_high")
    values$relations <- r
  }
  if (differences) {
    wanted <- Filter(function(k) all(k %in% names(fits)), list(c("traits", "equal"), c("traits", "free"), c("equal", "free"), c("method", "free")))
    d <- t(sapply(wanted, function(k) test_of(fits[[k[1]]], fits[[k[2]]])))
    rownames(d) <- sapply(wanted, paste, collapse = " "); values$differences <- d
  }
  if (form == "free") {
    # The limits of the mean share, by the delta method on standardised loadings.
    labelled <- paste(text, paste("method =~", paste0("m", seq_along(items), "*", items, collapse = " + ")),
      alone_of("method", traits), paste("share :=", paste0("(", paste0("m", seq_along(items), "^2", collapse = " + "), ")/", length(every))), sep = "\n")
    s <- std_of(suppressWarnings(sem(labelled, data, std.lv = TRUE, control = tight, start = fits[[form]], ...)))
    row <- s[s$lhs == "share", ]
    values$limits <- c(ci_low = max(row$est.std - qnorm(.975) * row$se, 0), ci_high = row$est.std + qnorm(.975) * row$se)
  }
  case(id, "Latent method factor", sprintf('cfa("%s", std.lv = TRUE), loadings %s  # %s',
    "...; method =~ all items; method ~~ 0*traits", form, id), values)
}
method_case("hs/free/ML", three, hs, "free")
method_case("hs/equal/ML", three, hs, "equal")
method_case("hs/free/MLR", three, hs, "free", estimator = "MLR")
method_case("bfi/free/ML", big, bfi, "free")
method_case("bfi/equal/MLR fiml", big, bfi, "equal", estimator = "MLR", missing = "fiml")
method_case("bfi/some/ML", big, bfi, "free", items = c("A1", "O2", "O5", "N1", "N2", "N3"))
method_case("one/equal/ML", list(neuro = paste0("N", 1:5)), bfi, "equal")
ordinal <- na.omit(bfi[unlist(big)])
method_case("bfi/free/WLSMV", big, ordinal, "free", differences = FALSE, ordered = TRUE, estimator = "WLSMV")

fixed <- function(x) sprintf("%.15f", x)
marker_case <- function(id, traits, marker, data, form, ...) {
  text <- lines_of(traits); every <- unlist(traits, use.names = FALSE)
  run <- function(t) suppressWarnings(sem(t, data, std.lv = TRUE, control = tight, ...))
  cfa0 <- run(paste0(text, "\nmarker =~ ", paste(marker, collapse = " + ")))
  p <- parameterEstimates(cfa0, se = TRUE)
  own <- function(l, op, r) p$est[p$lhs == l & p$op == op & p$rhs == r]
  base <- paste(c(text, paste("marker =~", paste0(sapply(marker, function(i) fixed(own("marker", "=~", i))), "*", marker, collapse = " + ")),
    sapply(marker, function(i) paste0(i, " ~~ ", fixed(own(i, "~~", i)), "*", i)), alone_of("marker", traits)), collapse = "\n")
  line <- function(equal) paste0(base, "\n", loads("marker", every, equal))
  fits <- list(CFA = cfa0, Baseline = run(base), `Method-C` = fit_best(line(TRUE), every, "marker", data, ...),
    `Method-U` = fit_best(line(FALSE), every, "marker", data, ...))
  kept <- c(equal = "Method-C", free = "Method-U")[[form]]
  b <- parameterEstimates(fits$Baseline)
  hold <- sapply(pairs_of(traits), function(k) paste0(k[1], " ~~ ", fixed(b$est[b$op == "~~" & b$lhs == k[1] & b$rhs == k[2]]), "*", k[2]))
  fits[["Method-R"]] <- run(paste(c(line(form == "equal"), hold), collapse = "\n"))
  q <- parameterEstimates(fits[[kept]]); q <- q[q$lhs == "marker" & q$op == "=~" & q$rhs %in% every, ]
  for (level in c(.95, .99)) {
    limit <- q$est + sign(q$est) * qnorm((1 + level) / 2) * q$se
    fits[[sprintf("Method-S(%s)", sub("^0", "", format(1 - level)))]] <- run(paste0(base, "\nmarker =~ ", paste0(fixed(limit), "*", q$rhs, collapse = " + ")))
  }
  before <- std_of(cfa0); after <- std_of(fits[[kept]])
  shares <- shares_of(after, "marker", every)
  names_of <- setdiff(names(fits), c("Method-C", "Method-U", "Method-R"))
  r <- sapply(c(names_of[1:2], kept, names_of[3:4]), function(n) {
    s <- std_of(fits[[n]]); signs <- sign_of(s, before, traits)
    sapply(pairs_of(traits), function(k) correlation(s, k, signs)[1])
  })
  r <- matrix(r, ncol = 5); colnames(r) <- c("CFA", "Baseline", "method", names_of[3:4])
  rownames(r) <- sapply(pairs_of(traits), paste, collapse = " ~~ ")
  total <- std_of(fits$Baseline)
  ones <- setNames(rep(1, length(traits)), names(traits))
  reliability <- cbind(total = reliability_of(total, traits, ones)[, "trait"], reliability_of(after, traits, ones, shares[, "loading"]))
  d <- rbind(test_of(fits$Baseline, fits$`Method-C`), test_of(fits$`Method-C`, fits$`Method-U`), test_of(fits$`Method-R`, fits[[kept]]))
  rownames(d) <- c("Baseline Method-C", "Method-C Method-U", paste("Method-R", kept))
  case(id, "Latent marker", sprintf("cfa of CFA, Baseline, Method-C, -U, -R, -S (Williams et al., 2010)  # %s", id),
    list(models = do.call(rbind, lapply(fits, fit_row)), items = shares, correlations = r, reliability = reliability,
      differences = d, share = mean(shares[, "method"])))
}
marker_case("marker/bfi/free/ML", big[c("agree", "neuro")], paste0("E", 1:4), bfi, "free")
marker_case("marker/bfi/equal/MLR", big[c("open", "neuro")], paste0("E", 1:4), bfi, "equal", estimator = "MLR")
marker_case("marker/hs/equal/ML", three[1:2], three$speed, hs, "equal")
