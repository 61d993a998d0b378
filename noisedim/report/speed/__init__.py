"""Study: how fast are training steps, objectives and tests, compared with their peers in the same run?"""
