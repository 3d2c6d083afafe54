suppressMessages(library(lavaan))

hs <- read_data("hs1939.csv")
bfi <- read_data("bfi.csv")
holes <- hs
for (j in 1:9) {
  name <- paste0("x", j)
  holes[[name]][(seq_len(nrow(hs)) * 7 + j * 13) %% 31 < 3] <- NA
}
holes[c(4, 90), paste0("x", 1:9)] <- NA # two persons who answered nothing
pick <- list(hs = hs[paste0("x", 1:9)], holes = holes[paste0("x", 1:9)], bfi = bfi[c(paste0("A", 1:5), paste0("N", 1:5))],
             few = holes[1:14, paste0("x", 1:4)] * 1e4 + 1e6)
for (id in names(pick)) {
  x <- pick[[id]]; whole <- x[stats::complete.cases(x), ]
  case(paste(id, "listwise", sep = "/"), "Sufficient statistics", "nrow(x); colMeans(x); cov(x)  # complete rows",
       list(n = nrow(whole), mean = colMeans(whole), cov = cov(whole)))
  case(paste(id, "pairwise", sep = "/"), "Sufficient statistics", "colMeans(x, na.rm = TRUE); cov(x, use = 'pairwise')",
       list(n = sum(rowSums(!is.na(x)) > 0), mean = colMeans(x, na.rm = TRUE), cov = cov(x, use = "pairwise")))
  if (id == "few") next
  fit <- suppressWarnings(lavCor(x, missing = "ml", output = "fit"))
  found <- lavInspect(fit, "sampstat")
  cov <- unclass(found$cov); attr(cov, "header") <- NULL
  case(paste(id, "fiml", sep = "/"), "Sufficient statistics", "lavInspect(lavCor(x, missing = 'ml', output = 'fit'), 'sampstat')",
       list(n = lavInspect(fit, "nobs"), mean = setNames(as.numeric(found$mean), names(found$mean)), cov = cov))
}
