suppressMessages(library(psych))

blocks <- list(
  bfi = read_data("bfi.csv")[, 1:25],
  hs1939 = read_data("hs1939.csv")[, paste0("x", 1:9)],
  spi_trust = read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
)

for (name in names(blocks)) {
  for (use in c("complete", "pairwise")) {
    x <- blocks[[name]]
    n <- if (use == "complete") sum(complete.cases(x)) else nrow(x)
    r <- cor(x, use = use)
    k <- KMO(r)
    b <- cortest.bartlett(r, n = n)
    case(
      paste(name, use, sep = "/"), "KMO and Bartlett's test",
      sprintf('KMO(cor(%s, use = "%s")); cortest.bartlett(cor(%s, use = "%s"), n = %d)', name, use, name, use, n),
      list(overall = k$MSA, items = k$MSAi, chisq = b$chisq, df = b$df, pvalue = b$p.value)
    )
  }
}
