suppressMessages(library(lavaan))

# Answers of four items in three categories; the fitted model is the population, from which
# variables behind the answers are drawn and cut, and each sample is fitted by lavaan.
bfi <- read_data("bfi.csv")[paste0("A", 2:5)]
bfi <- ceiling(bfi[stats::complete.cases(bfi), ][1:300, ] / 2)
model <- "f =~ A2 + A3 + A4 + A5"
whole <- cfa(model, bfi, ordered = TRUE)
est <- coef(whole); p <- parTable(whole); free <- p$free > 0
keys <- paste(p$lhs, p$op, p$rhs)[free]
sigma <- unclass(fitted(whole)$cov); root <- chol(sigma)
cuts <- lapply(paste0("A", 2:5), function(i) p$est[p$lhs == i & p$op == "|"])
n <- 300; samples <- 300; z <- qnorm(.975)
set.seed(3)
found <- lapply(seq_len(samples), function(s) {
  behind <- matrix(rnorm(n * 4), n) %*% root
  answers <- as.data.frame(sapply(1:4, function(j) findInterval(behind[, j], cuts[[j]])))
  names(answers) <- names(bfi)
  fit <- suppressWarnings(cfa(model, answers, ordered = TRUE))
  if (!lavInspect(fit, "converged")) return(NULL)
  list(est = coef(fit), se = sqrt(diag(vcov(fit))), fit = fitMeasures(fit, c("srmr", "rmsea.scaled", "cfi.scaled")))
})
found <- Filter(Negate(is.null), found)
e <- t(sapply(found, `[[`, "est")); s <- t(sapply(found, `[[`, "se"))
values <- cbind(population = est, estimate = colMeans(e), sd = apply(e, 2, sd), se = colMeans(s), spread_of_se = apply(s, 2, sd),
                coverage = rowMeans(abs(t(e) - est) <= z * t(s)), power = colMeans(abs(e) > z * s))
rownames(values) <- keys
m <- t(sapply(found, `[[`, "fit")); colnames(m) <- c("srmr", "rmsea_scaled", "cfi_scaled")
case("bfi", "Power of parameters, ordered", "300 samples of 300 from the fitted model, cut at its thresholds: cfa(model, sample, ordered = TRUE)",
     list(parameters = values, samples = length(found), fit_mean = colMeans(m), fit_sd = apply(m, 2, sd)))
