"""The check of the keys of another site."""


async def test_handover_keys_without_an_address_of_the_board_are_reported(checked_board):
    keys = {"handover_keys": f"first:{32 * 'geheim'}"}
    checks = await checked_board.run_checks(**keys)
    assert "BASE_URL is unset" in checks["handover keys"].text
    check = (await checked_board.run_checks(**keys, base_url="https://board.example"))["handover keys"]
    assert check.passed
    assert check.text.startswith("first; ")
    assert "geheim" not in check.text
