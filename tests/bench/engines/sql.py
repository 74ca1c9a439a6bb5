"""What engines that speak SQL say alike."""


def within(column, kind="DATE"):
    return f"{column} >= {kind} '2023-01-01' AND {column} < {kind} '2026-01-01'"


def purchases(condition):
    return f"""SELECT account, date FROM orders WHERE {condition}
        UNION ALL SELECT account, date FROM subscriptions WHERE kind = 'started' AND {condition}"""
