suppressMessages(library(psych))

# Answers of 1 to 6 with the scales' items as asked, and with some of them reversed (7 - answer).
bfi <- read_data("bfi.csv")
scales <- lapply(c(agree = "A", consc = "C", extra = "E", neuro = "N", open = "O"), paste0, 1:5)
dropped <- function(x, missing) {
  if (missing == "listwise") x <- x[stats::complete.cases(x), ]
  C <- cov(x, use = "pairwise")
  sapply(colnames(C), function(i) {
    others <- setdiff(colnames(C), i)
    sum(C[i, others]) / sqrt(C[i, i] * sum(C[others, others]))
  })
}
for (keyed in c("asked", "keyed")) for (missing in c("pairwise", "listwise")) {
  rows <- lapply(names(scales), function(s) {
    x <- bfi[scales[[s]]]
    if (keyed == "keyed") for (i in intersect(names(x), c("A1", "C4", "C5", "E1", "E2", "O2"))) x[[i]] <- 7 - x[[i]]
    r <- dropped(x, missing)
    known <- suppressWarnings(suppressMessages(alpha(if (missing == "listwise") x[stats::complete.cases(x), ] else x, check.keys = FALSE)$item.stats))
    cbind(n = colSums(!is.na(x)), r_rest = r, candidate = r < 0, r_drop = known[names(x), "r.drop"])
  })
  case(paste(keyed, missing, sep = "/"), "Candidates for reversal",
       sprintf("colSums(!is.na(x)); cov(x, use = 'pairwise')  # %s, %s; alpha(x, check.keys = FALSE)$item.stats", keyed, missing),
       list(table = do.call(rbind, rows)))
}
