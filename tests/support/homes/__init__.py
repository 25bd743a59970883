"""Homes in a certain state: due, answered, imported, live …"""
